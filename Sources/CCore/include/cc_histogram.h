// Latencies in fixed buckets: 32 per doubling, so that a value is known to 3 %. One writer, any number of readers.
#ifndef CC_HISTOGRAM_H
#define CC_HISTOGRAM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/// Up to 2^40 ns, 18 minutes. What is longer counts in the last bucket.
#define CC_HISTOGRAM_BUCKETS 1184

typedef struct {
  char name[32];
  _Atomic uint64_t count;
  /// One more than the smallest value; 0 while there is none.
  _Atomic uint64_t min_plus_one;
  _Atomic uint64_t max;
  uint64_t reserved;
  _Atomic uint64_t buckets[CC_HISTOGRAM_BUCKETS];
} cc_histogram;

_Static_assert(sizeof(cc_histogram) == 64 + CC_HISTOGRAM_BUCKETS * 8, "rows of the histogram section");

/// The bucket of a value: below 64 the value itself, then its five bits behind the highest one.
static inline size_t cc_histogram_bucket(uint64_t value) {
  if (value < 64) return (size_t)value;
  int shift = 58 - __builtin_clzll(value);
  size_t bucket = (size_t)shift * 32 + (size_t)(value >> shift);
  return bucket < CC_HISTOGRAM_BUCKETS ? bucket : CC_HISTOGRAM_BUCKETS - 1;
}

/// The largest value of a bucket.
static inline uint64_t cc_histogram_bucket_end(size_t bucket) {
  if (bucket < 64) return bucket;
  uint64_t shift = bucket / 32 - 1;
  return ((uint64_t)(bucket - shift * 32 + 1) << shift) - 1;
}

// One writer: load and store cost less than a locked addition, and readers see whole numbers all the same.
static inline void cc_histogram_add(_Atomic uint64_t *to, uint64_t by) {
  atomic_store_explicit(to, atomic_load_explicit(to, memory_order_relaxed) + by, memory_order_relaxed);
}

static inline void cc_histogram_record(cc_histogram *h, uint64_t value) {
  cc_histogram_add(&h->buckets[cc_histogram_bucket(value)], 1);
  cc_histogram_add(&h->count, 1);
  if (value > atomic_load_explicit(&h->max, memory_order_relaxed)) {
    atomic_store_explicit(&h->max, value, memory_order_relaxed);
  }
  uint64_t least = atomic_load_explicit(&h->min_plus_one, memory_order_relaxed);
  if (least == 0 || value + 1 < least) atomic_store_explicit(&h->min_plus_one, value + 1, memory_order_relaxed);
}

static inline uint64_t cc_histogram_count(const cc_histogram *h) {
  return atomic_load_explicit(&((cc_histogram *)h)->count, memory_order_relaxed);
}
static inline uint64_t cc_histogram_max(const cc_histogram *h) {
  return atomic_load_explicit(&((cc_histogram *)h)->max, memory_order_relaxed);
}
static inline uint64_t cc_histogram_min(const cc_histogram *h) {
  uint64_t least = atomic_load_explicit(&((cc_histogram *)h)->min_plus_one, memory_order_relaxed);
  return least == 0 ? 0 : least - 1;
}

/// The value that `ppm` millionths of all values do not exceed (990,000: p99); 0 while there is none. Of buckets that
/// are being written the answer is that of a moment ago.
static inline uint64_t cc_histogram_percentile(const cc_histogram *h, uint32_t ppm) {
  cc_histogram *own = (cc_histogram *)h;
  uint64_t total = 0;
  for (size_t i = 0; i < CC_HISTOGRAM_BUCKETS; i++) total += atomic_load_explicit(&own->buckets[i], memory_order_relaxed);
  if (total == 0) return 0;
  unsigned __int128 scaled = (unsigned __int128)total * (ppm > 1000000 ? 1000000 : ppm);
  uint64_t rank = (uint64_t)((scaled + 999999) / 1000000);
  if (rank == 0) rank = 1;
  uint64_t seen = 0;
  uint64_t max = cc_histogram_max(h);
  for (size_t i = 0; i < CC_HISTOGRAM_BUCKETS; i++) {
    seen += atomic_load_explicit(&own->buckets[i], memory_order_relaxed);
    if (seen < rank) continue;
    uint64_t end = cc_histogram_bucket_end(i);
    return i == CC_HISTOGRAM_BUCKETS - 1 || end > max ? max : end;
  }
  return max;
}

#endif
