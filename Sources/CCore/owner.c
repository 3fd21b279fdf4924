#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "cc_owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Reads a small file of /proc whole. Returns its bytes, NUL behind them.
static int64_t read_small(const char *path, char *text, size_t capacity) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  size_t used = 0;
  int64_t status = 0;
  while (used < capacity - 1) {
    ssize_t got = read(fd, text + used, capacity - 1 - used);
    if (got < 0 && errno == EINTR) continue;
    // A process that ends while it is read shows ESRCH.
    if (got < 0) status = -errno;
    if (got <= 0) break;
    used += (size_t)got;
  }
  close(fd);
  text[used] = 0;
  return status < 0 ? status : (int64_t)used;
}

static int read_boot_id(uint8_t *out) {
  char text[64];
  int64_t got = read_small("/proc/sys/kernel/random/boot_id", text, sizeof text);
  if (got < 0) return (int)got;
  uint8_t id[16] = {0};
  int digits = 0;
  for (const char *c = text; *c != 0 && digits < 32; c++) {
    int value;
    if (*c >= '0' && *c <= '9') value = *c - '0';
    else if (*c >= 'a' && *c <= 'f') value = *c - 'a' + 10;
    else if (*c == '-') continue;
    else break;
    id[digits / 2] = (uint8_t)(id[digits / 2] << 4 | value);
    digits++;
  }
  if (digits != 32) return -EBADMSG;
  memcpy(out, id, sizeof id);
  return 0;
}

// Start time and state of a process: fields 22 and 3 of its stat line. The name before them may hold anything, so the
// last bracket is where counting begins.
static int read_start(uint32_t pid, uint64_t *ticks, char *state) {
  char path[40], text[1024];
  snprintf(path, sizeof path, "/proc/%u/stat", pid);
  int64_t got = read_small(path, text, sizeof text);
  if (got < 0) return (int)got;
  const char *field = strrchr(text, ')');
  if (field == NULL || field[1] != ' ') return -EBADMSG;
  field += 2;
  *state = *field;
  for (int number = 3; number < 22; number++) {
    field = strchr(field, ' ');
    if (field == NULL) return -EBADMSG;
    field++;
  }
  *ticks = strtoull(field, NULL, 10);
  return 0;
}

int cc_owner_self(cc_owner *out) {
  cc_owner self = {.pid = (uint32_t)getpid()};
  char state;
  int status = read_boot_id(self.boot_id);
  if (status == 0) status = read_start(self.pid, &self.start_ticks, &state);
  if (status == 0) *out = self;
  return status;
}

int cc_owner_alive(const cc_owner *owner) {
  uint8_t boot[16];
  int status = read_boot_id(boot);
  if (status < 0) return status;
  if (memcmp(boot, owner->boot_id, sizeof boot) != 0) return 0;
  uint64_t ticks;
  char state;
  status = read_start(owner->pid, &ticks, &state);
  if (status == -ENOENT || status == -ESRCH) return 0;
  if (status < 0) return status;
  // A zombie does nothing any more, whoever has not collected it.
  return ticks == owner->start_ticks && state != 'Z' && state != 'X';
}
