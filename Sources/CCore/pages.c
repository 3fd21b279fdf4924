#include "cc_pages.h"

#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>

// What both common architectures call a large page; a table of a few of them is worth the rounding.
enum { large_page = 2 << 20, large_from = 4 * large_page };

static size_t rounded(size_t length, size_t unit) { return (length + unit - 1) & ~(unit - 1); }

void *cc_pages_reserve(size_t length) {
  if (length == 0 || length > SIZE_MAX - 2 * large_page) return NULL;
  if (length < large_from) {
    void *base = mmap(NULL, rounded(length, 4096), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return base == MAP_FAILED ? NULL : base;
  }
  // A large page more than is needed, so that the table can begin at the start of one.
  const size_t all = rounded(length, large_page) + large_page;
  uint8_t *mapped = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return NULL;
  uint8_t *base = (uint8_t *)rounded((uintptr_t)mapped, large_page);
  uint8_t *end = base + rounded(length, large_page);
  if (base != mapped) munmap(mapped, (size_t)(base - mapped));
  if (end != mapped + all) munmap(end, (size_t)(mapped + all - end));
  // A wish: a kernel without large pages says no, and everything works.
  (void)madvise(base, rounded(length, large_page), MADV_HUGEPAGE);
  return base;
}

void cc_pages_release(void *base, size_t length) {
  if (base == NULL) return;
  munmap(base, rounded(length, length < large_from ? 4096 : large_page));
}

void cc_pages_trim(void) { (void)malloc_trim(0); }
