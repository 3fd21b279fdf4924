// Fixed-size messages from one thread to another, of this process or the next.
//
// Every slot carries the number of the message it holds, behind the message and mostly in the same cache line: a
// consumer that waits for the next message reads that line and nothing else, so a hop costs one line and not two. The
// two positions in the header are what the sides tell each other rarely: the producer looks at `head` when it seems to
// have run a whole lap ahead, `tail` is for attaching again and for whoever wants to know the depth.
#ifndef CC_RING_H
#define CC_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CC_CACHE_LINE 64
#define CC_RING_MAGIC 0x474e5243u
#define CC_RING_VERSION 1u

/// First bytes of a ring; the slots follow at once. Constants, producer and consumer keep 128 bytes to themselves:
/// CPUs like to fetch lines in pairs. The padding is written out because an alignment above 16 hides a struct from Swift.
typedef struct {
  uint32_t magic;
  uint32_t version;
  uint32_t capacity;
  uint32_t message_bytes;
  uint8_t pad_constants[2 * CC_CACHE_LINE - 16];
  /// Messages ever published. Stored by the producer only.
  _Atomic uint64_t tail;
  uint8_t pad_producer[2 * CC_CACHE_LINE - 8];
  /// Messages ever consumed. Stored by the consumer only.
  _Atomic uint64_t head;
  uint8_t pad_consumer[2 * CC_CACHE_LINE - 8];
} cc_ring_header;

_Static_assert(offsetof(cc_ring_header, tail) == 128, "the producer's line moved");
_Static_assert(offsetof(cc_ring_header, head) == 256, "the consumer's line moved");
_Static_assert(sizeof(cc_ring_header) == 384, "slots begin at byte 384 of every ring of this version");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "an atomic behind a lock means nothing to another process");

/// Where in a slot the number stands: behind the message, on a multiple of 8.
static inline size_t cc_ring_sequence_offset(size_t message_bytes) { return (message_bytes + 7) & ~(size_t)7; }

/// Bytes from slot to slot. Slots above 32 bytes begin on a cache line; smaller ones share it evenly.
static inline size_t cc_ring_slot_bytes(size_t message_bytes) {
  size_t used = cc_ring_sequence_offset(message_bytes) + 8;
  if (used <= 16) return 16;
  if (used <= 32) return 32;
  return (used + CC_CACHE_LINE - 1) & ~(size_t)(CC_CACHE_LINE - 1);
}

static inline size_t cc_ring_bytes(size_t capacity, size_t message_bytes) {
  return sizeof(cc_ring_header) + capacity * cc_ring_slot_bytes(message_bytes);
}

/// Makes a ring of zeroed memory. The magic comes last: who sees it sees the rest.
static inline void cc_ring_init(cc_ring_header *h, uint32_t capacity, uint32_t message_bytes) {
  h->version = CC_RING_VERSION;
  h->capacity = capacity;
  h->message_bytes = message_bytes;
  atomic_store_explicit(&h->tail, 0, memory_order_relaxed);
  atomic_store_explicit(&h->head, 0, memory_order_relaxed);
  atomic_thread_fence(memory_order_release);
  h->magic = CC_RING_MAGIC;
}

// Meets cc_ring_tail_acquire of whoever attaches or watches.
static inline void cc_ring_tail_release(cc_ring_header *h, uint64_t v) {
  atomic_store_explicit(&h->tail, v, memory_order_release);
}
static inline uint64_t cc_ring_tail_acquire(const cc_ring_header *h) {
  return atomic_load_explicit(&((cc_ring_header *)h)->tail, memory_order_acquire);
}
// Release: the consumer is done with the bytes of the slots below. Meets the producer's acquire, which may then reuse
// them.
static inline void cc_ring_head_release(cc_ring_header *h, uint64_t v) {
  atomic_store_explicit(&h->head, v, memory_order_release);
}
static inline uint64_t cc_ring_head_acquire(const cc_ring_header *h) {
  return atomic_load_explicit(&((cc_ring_header *)h)->head, memory_order_acquire);
}
// Release: the message is in the slot. Meets the consumer's acquire of the same word.
static inline void cc_ring_sequence_release(void *at, uint64_t v) {
  atomic_store_explicit((_Atomic uint64_t *)at, v, memory_order_release);
}
static inline uint64_t cc_ring_sequence_acquire(const void *at) {
  return atomic_load_explicit((_Atomic uint64_t *)(uintptr_t)at, memory_order_acquire);
}

/// The number a slot shows while message `position` is still to come: that of the lap before, or nothing.
static inline uint64_t cc_ring_sequence_before(uint64_t position, uint64_t capacity) {
  return position >= capacity ? position + 1 - capacity : 0;
}

/// Copies whole words by relaxed atomics: each is read once, whatever the other side does meanwhile.
static inline void cc_ring_copy_words(const void *from, void *to, size_t words) {
  for (size_t i = 0; i < words; i++) {
    ((uint64_t *)to)[i] = atomic_load_explicit((_Atomic uint64_t *)(uintptr_t)from + i, memory_order_relaxed);
  }
}

/// For producers in C: publishes as message number `*tail` (counted from 0, kept by the caller). 0 when a lap ahead.
static inline int cc_ring_try_push(cc_ring_header *h, uint64_t *tail, const void *message) {
  if (*tail - cc_ring_head_acquire(h) >= h->capacity) return 0;
  size_t bytes = h->message_bytes;
  uint8_t *slot = (uint8_t *)(h + 1) + (*tail & (h->capacity - 1)) * cc_ring_slot_bytes(bytes);
  memcpy(slot, message, bytes);
  *tail += 1;
  cc_ring_sequence_release(slot + cc_ring_sequence_offset(bytes), *tail);
  cc_ring_tail_release(h, *tail);
  return 1;
}

/// For consumers in C: copies message number `*head` out. 0 when there is none yet.
static inline int cc_ring_try_pop(cc_ring_header *h, uint64_t *head, void *message) {
  size_t bytes = h->message_bytes;
  const uint8_t *slot = (const uint8_t *)(h + 1) + (*head & (h->capacity - 1)) * cc_ring_slot_bytes(bytes);
  if (cc_ring_sequence_acquire(slot + cc_ring_sequence_offset(bytes)) != *head + 1) return 0;
  memcpy(message, slot, bytes);
  *head += 1;
  cc_ring_head_release(h, *head);
  return 1;
}

#endif
