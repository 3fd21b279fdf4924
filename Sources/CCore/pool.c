// The memory behind OpenSSL: classes of sizes cut from regions that are in no dump; every block is wiped when it is freed
// or moves. Regions stay mapped: what is freed serves the next key or connection.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include <openssl/crypto.h>

#include "cc_crypto.h"
#include "cc_secret.h"

enum {
  // 32 bytes to 64 KiB by powers of two; a TLS record with its overhead is in the last one. Larger ones are mapped alone.
  class_count = 12,
  class_shift = 5,
  region_bytes = 1 << 18,
  // In front of each block; keeps blocks aligned as malloc would.
  head_bytes = 16,
  // scrypt takes 32 MiB for a moment: locking that would use up the limit for what stays.
  lock_bytes_max = 1 << 20,
};

typedef struct {
  // Of the block without its head; what a class holds, or what was mapped.
  uint64_t capacity;
  // class_count: mapped alone.
  uint32_t class;
  uint32_t is_locked;
} head;

_Static_assert(sizeof(head) == head_bytes, "blocks stay aligned to 16 bytes");

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *free_blocks[class_count];
static uint8_t *region;
static size_t region_left;
static cc_crypto_memory counts;

static void *map(size_t length, int *is_locked) {
  void *base = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return NULL;
  if (madvise(base, length, MADV_DONTDUMP) != 0) {
    munmap(base, length);
    return NULL;
  }
  *is_locked = length <= lock_bytes_max && mlock(base, length) == 0;
  counts.mapped_bytes += length;
  if (*is_locked) counts.locked_bytes += length;
  return base;
}

static uint32_t class_of(size_t length) {
  uint32_t class = 0;
  while (class < class_count && ((size_t)1 << (class + class_shift)) < length) class++;
  return class;
}

static head *head_of(void *block) { return (head *)((uint8_t *)block - head_bytes); }

static void *take_small(uint32_t class) {
  if (free_blocks[class] != NULL) {
    void *block = free_blocks[class];
    memcpy(&free_blocks[class], block, sizeof(void *));
    memset(block, 0, sizeof(void *));
    return block;
  }
  const size_t capacity = (size_t)1 << (class + class_shift);
  if (region_left < head_bytes + capacity) {
    // What is left of the region is too little for this class; it is given up.
    int is_locked;
    uint8_t *fresh = map(region_bytes, &is_locked);
    if (fresh == NULL) return NULL;
    region = fresh;
    region_left = region_bytes;
  }
  head *h = (head *)region;
  *h = (head){.capacity = capacity, .class = class};
  region += head_bytes + capacity;
  region_left -= head_bytes + capacity;
  return (uint8_t *)h + head_bytes;
}

static void *take_large(size_t length) {
  if (length > SIZE_MAX / 2) return NULL;
  const size_t all = (length + head_bytes + 4095) & ~(size_t)4095;
  int is_locked;
  head *h = map(all, &is_locked);
  if (h == NULL) return NULL;
  *h = (head){.capacity = all - head_bytes, .class = class_count, .is_locked = (uint32_t)is_locked};
  return (uint8_t *)h + head_bytes;
}

static void *pool_malloc(size_t length, const char *file, int line) {
  (void)file, (void)line;
  if (length == 0) return NULL;
  const uint32_t class = class_of(length);
  pthread_mutex_lock(&lock);
  void *block = class < class_count ? take_small(class) : take_large(length);
  if (block != NULL) counts.used_bytes += head_of(block)->capacity;
  pthread_mutex_unlock(&lock);
  return block;
}

static void pool_free(void *block, const char *file, int line) {
  (void)file, (void)line;
  if (block == NULL) return;
  head *h = head_of(block);
  const size_t capacity = h->capacity;
  cc_secret_wipe(block, capacity);
  pthread_mutex_lock(&lock);
  counts.used_bytes -= capacity;
  if (h->class < class_count) {
    memcpy(block, &free_blocks[h->class], sizeof(void *));
    free_blocks[h->class] = block;
  } else {
    counts.mapped_bytes -= capacity + head_bytes;
    if (h->is_locked) counts.locked_bytes -= capacity + head_bytes;
    munmap(h, capacity + head_bytes);
  }
  pthread_mutex_unlock(&lock);
}

static void *pool_realloc(void *block, size_t length, const char *file, int line) {
  if (block == NULL) return pool_malloc(length, file, line);
  if (length == 0) {
    pool_free(block, file, line);
    return NULL;
  }
  const size_t capacity = head_of(block)->capacity;
  if (length <= capacity) return block;
  void *moved = pool_malloc(length, file, line);
  if (moved == NULL) return NULL;
  memcpy(moved, block, capacity);
  pool_free(block, file, line);
  return moved;
}

static int start_status;

static void start(void) {
  if (CRYPTO_set_mem_functions(pool_malloc, pool_realloc, pool_free) != 1) {
    start_status = -EBUSY;
    return;
  }
  // No configuration file, no modules of others: what signs is what was linked.
  if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL) != 1) start_status = -EIO;
}

int cc_crypto_start(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, start);
  return start_status;
}

void cc_crypto_memory_now(cc_crypto_memory *out) {
  pthread_mutex_lock(&lock);
  *out = counts;
  pthread_mutex_unlock(&lock);
}
