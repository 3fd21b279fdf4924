// Single-producer single-consumer ring over caller-owned memory.
#ifndef CC_RING_H
#define CC_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define CC_CACHE_LINE 64

/// Lives at offset 0 of the shared mapping. `tail` is written only by the producer, `head` only by the consumer;
/// each has a cache line of its own. Padding is spelled out because Swift does not import a struct whose
/// alignment exceeds 16.
typedef struct {
  uint32_t magic;
  uint32_t capacity;
  uint8_t pad_config[CC_CACHE_LINE - 8];
  _Atomic uint64_t tail;
  uint8_t pad_tail[CC_CACHE_LINE - 8];
  _Atomic uint64_t head;
  uint8_t pad_head[CC_CACHE_LINE - 8];
} cc_ring_header;

_Static_assert(offsetof(cc_ring_header, tail) == 1 * CC_CACHE_LINE, "tail shares a cache line");
_Static_assert(offsetof(cc_ring_header, head) == 2 * CC_CACHE_LINE, "head shares a cache line");
_Static_assert(sizeof(cc_ring_header) == 3 * CC_CACHE_LINE, "header layout is shared between processes");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "a locked atomic would not work across processes");

static inline uint64_t cc_ring_tail_acquire(const cc_ring_header *h) {
  return atomic_load_explicit(&h->tail, memory_order_acquire);
}
static inline void cc_ring_tail_release(cc_ring_header *h, uint64_t v) {
  atomic_store_explicit(&h->tail, v, memory_order_release);
}
static inline uint64_t cc_ring_head_acquire(const cc_ring_header *h) {
  return atomic_load_explicit(&h->head, memory_order_acquire);
}
static inline void cc_ring_head_release(cc_ring_header *h, uint64_t v) {
  atomic_store_explicit(&h->head, v, memory_order_release);
}
#endif
