// A row that one thread writes and any process reads without stopping the writer.
#ifndef CC_SEQLOCK_H
#define CC_SEQLOCK_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/// Starts a write: the version becomes odd. Meets the acquire load in cc_seqlock_read.
static inline void cc_seqlock_write_begin(_Atomic uint64_t *version) {
  uint64_t v = atomic_load_explicit(version, memory_order_relaxed);
  atomic_store_explicit(version, v + 1, memory_order_relaxed);
  atomic_thread_fence(memory_order_release);
}

/// Ends a write: the version becomes even again.
static inline void cc_seqlock_write_end(_Atomic uint64_t *version) {
  uint64_t v = atomic_load_explicit(version, memory_order_relaxed);
  atomic_store_explicit(version, v + 1, memory_order_release);
}

/// Copies `words` 64-bit fields by relaxed atomics. Use between begin and end.
static inline void cc_seqlock_store(_Atomic uint64_t *to, const uint64_t *from, size_t words) {
  for (size_t i = 0; i < words; i++) atomic_store_explicit(&to[i], from[i], memory_order_relaxed);
}

/// One attempt to copy a row. 1: consistent copy taken. 0: a write was under way.
static inline int cc_seqlock_try_read(const _Atomic uint64_t *version, const _Atomic uint64_t *row, uint64_t *out,
                                      size_t words) {
  uint64_t before = atomic_load_explicit((_Atomic uint64_t *)version, memory_order_acquire);
  if (before & 1) return 0;
  for (size_t i = 0; i < words; i++) out[i] = atomic_load_explicit((_Atomic uint64_t *)&row[i], memory_order_relaxed);
  atomic_thread_fence(memory_order_acquire);
  return atomic_load_explicit((_Atomic uint64_t *)version, memory_order_relaxed) == before;
}

#endif
