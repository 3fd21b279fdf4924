#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "cc_secret.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int cc_secret_open(cc_secret_arena *arena, size_t length, int unlocked) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  if (length == 0 || length > SIZE_MAX / 2) return -EINVAL;
  size_t usable = (length + page - 1) & ~(page - 1);
  size_t all = usable + 2 * page;
  uint8_t *mapped = mmap(NULL, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return -errno;
  uint8_t *base = mapped + page;
  int status = mprotect(base, usable, PROT_READ | PROT_WRITE) == 0 ? 0 : -errno;
  if (status == 0 && madvise(base, usable, MADV_DONTDUMP) != 0) status = -errno;
  if (status == 0 && madvise(base, usable, MADV_WIPEONFORK) != 0) status = -errno;
  int locked = status == 0 && mlock(base, usable) == 0;
  if (status == 0 && !locked && !unlocked) status = -errno;
  if (status < 0) {
    munmap(mapped, all);
    return status;
  }
  *arena = (cc_secret_arena){.base = base, .length = usable, .mapped = mapped, .mapped_length = all,
                             .is_locked = (uint32_t)locked};
  return 0;
}

void cc_secret_close(cc_secret_arena *arena) {
  if (arena->mapped == NULL) return;
  cc_secret_wipe(arena->base, arena->length);
  munmap(arena->mapped, arena->mapped_length);
  memset(arena, 0, sizeof *arena);
}

void cc_secret_wipe(void *bytes, size_t length) { explicit_bzero(bytes, length); }

int cc_secret_equal(const void *a, const void *b, size_t length) {
  const volatile uint8_t *left = a, *right = b;
  uint8_t difference = 0;
  for (size_t i = 0; i < length; i++) difference |= (uint8_t)(left[i] ^ right[i]);
  return difference == 0;
}
