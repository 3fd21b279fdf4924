// First page of the region between an engine and an exchange in another process: who holds the exchange, and that it is
// at work.
#ifndef CC_DOOR_H
#define CC_DOOR_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "cc_owner.h"

#define CC_DOOR_MAGIC 0x726f6f64736d6full
#define CC_DOOR_VERSION 2u
#define CC_DOOR_HEADER_BYTES 4096

typedef struct {
  /// Stored last: who sees it sees the rest.
  uint64_t magic;
  uint32_t version;
  uint32_t reserved;
  cc_owner owner;
  uint64_t reserved_b[2];
  /// Turns of the exchange. Stored by the exchange only.
  _Atomic uint64_t beat;
} cc_door_header;

_Static_assert(offsetof(cc_door_header, beat) == 64, "the beat has a cache line of its own");
_Static_assert(sizeof(cc_door_header) <= CC_DOOR_HEADER_BYTES, "the header is one page");

// Nothing is read on the strength of a beat but that it differs from the one before.
static inline void cc_door_beat(cc_door_header *h) {
  uint64_t beat = atomic_load_explicit(&h->beat, memory_order_relaxed);
  atomic_store_explicit(&h->beat, beat + 1, memory_order_relaxed);
}
static inline uint64_t cc_door_beat_seen(const cc_door_header *h) {
  return atomic_load_explicit(&((cc_door_header *)h)->beat, memory_order_relaxed);
}

#endif
