// The header of the journal ring: one appender, one journal thread, any number of readers, in shared memory.
#ifndef CC_JOURNAL_H
#define CC_JOURNAL_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "cc_ring.h"
#include "cc_thread.h"

#define CC_JOURNAL_HEADER_BYTES 4096

/// Lives in front of the records. Positions count bytes since the ring was made and never wrap; `position % capacity`
/// is the place. Each writer has cache lines of its own.
typedef struct {
  uint64_t magic;
  uint32_t layout;
  uint32_t instance;
  uint64_t capacity;
  uint64_t first_lsn;
  uint32_t epoch;
  uint8_t pad_config[CC_CACHE_LINE - 36];
  /// Written by the appender.
  _Atomic uint64_t appended_position;
  _Atomic uint64_t appended_lsn;
  uint8_t pad_appended[CC_CACHE_LINE - 16];
  /// Written by the journal thread; the three are one row under `durable_version`.
  _Atomic uint64_t durable_version;
  _Atomic uint64_t durable_position;
  _Atomic uint64_t durable_lsn;
  uint8_t pad_durable[CC_CACHE_LINE - 24];
  /// 1 while the journal thread sleeps, or is about to.
  _Atomic uint32_t sleeping;
  cc_park park;
  uint8_t pad_sleeping[CC_CACHE_LINE - 8];
  /// Written by the journal thread: its health.
  _Atomic uint32_t state;
  _Atomic uint32_t alarms;
  _Atomic uint32_t last_errno;
  _Atomic uint32_t segment_count;
  _Atomic uint64_t sync_count;
  _Atomic int64_t oldest_time;
  uint8_t pad_state[CC_CACHE_LINE - 32];
  uint8_t pad_page[CC_JOURNAL_HEADER_BYTES - 5 * CC_CACHE_LINE];
} cc_journal_header;

_Static_assert(offsetof(cc_journal_header, appended_position) == 1 * CC_CACHE_LINE, "appender has its own line");
_Static_assert(offsetof(cc_journal_header, durable_version) == 2 * CC_CACHE_LINE, "durable row has its own line");
_Static_assert(offsetof(cc_journal_header, sleeping) == 3 * CC_CACHE_LINE, "sleeping word has its own line");
_Static_assert(offsetof(cc_journal_header, state) == 4 * CC_CACHE_LINE, "health has its own line");
_Static_assert(sizeof(cc_journal_header) == CC_JOURNAL_HEADER_BYTES, "header layout is shared between processes");

static inline uint64_t cc_journal_appended_position(const cc_journal_header *h) {
  return atomic_load_explicit(&h->appended_position, memory_order_acquire);
}
static inline uint64_t cc_journal_appended_lsn(const cc_journal_header *h) {
  return atomic_load_explicit(&h->appended_lsn, memory_order_acquire);
}

/// Publishes records. The position is a release store: it meets the acquire load in cc_journal_appended_position.
/// Returns 1 when the journal thread sleeps and has to be woken. The fence orders the store before the look at the
/// sleeping word; its partner is the one in cc_journal_sleep_begin.
static inline int cc_journal_publish(cc_journal_header *h, uint64_t position, uint64_t lsn) {
  atomic_store_explicit(&h->appended_lsn, lsn, memory_order_relaxed);
  atomic_store_explicit(&h->appended_position, position, memory_order_release);
  atomic_thread_fence(memory_order_seq_cst);
  return atomic_load_explicit(&h->sleeping, memory_order_relaxed) != 0;
}

/// Announces sleep. Look at the appended position once more afterwards, then wait with the returned word.
static inline uint32_t cc_journal_sleep_begin(cc_journal_header *h) {
  uint32_t word = cc_park_load(&h->park);
  atomic_store_explicit(&h->sleeping, 1, memory_order_relaxed);
  atomic_thread_fence(memory_order_seq_cst);
  return word;
}
static inline void cc_journal_sleep_end(cc_journal_header *h) {
  atomic_store_explicit(&h->sleeping, 0, memory_order_relaxed);
}
static inline int cc_journal_sleep_wait(cc_journal_header *h, uint32_t word, int64_t timeout_ns) {
  return cc_park_wait(&h->park, word, timeout_ns);
}
static inline void cc_journal_wake(cc_journal_header *h) { cc_park_wake(&h->park); }

static inline uint64_t cc_journal_durable_position(const cc_journal_header *h) {
  return atomic_load_explicit(&h->durable_position, memory_order_acquire);
}
static inline uint64_t cc_journal_durable_lsn(const cc_journal_header *h) {
  return atomic_load_explicit(&h->durable_lsn, memory_order_acquire);
}

/// Frees slots and tells what is durable. Release stores: they meet the acquire loads above.
static inline void cc_journal_durable_publish(cc_journal_header *h, uint64_t position, uint64_t lsn) {
  uint64_t v = atomic_load_explicit(&h->durable_version, memory_order_relaxed);
  atomic_store_explicit(&h->durable_version, v + 1, memory_order_relaxed);
  atomic_thread_fence(memory_order_release);
  atomic_store_explicit(&h->durable_lsn, lsn, memory_order_release);
  atomic_store_explicit(&h->durable_position, position, memory_order_release);
  atomic_store_explicit(&h->durable_version, v + 2, memory_order_release);
}

/// One attempt to read position and lsn that belong together. 0: a write was under way.
static inline int cc_journal_durable_try(const cc_journal_header *h, uint64_t *position, uint64_t *lsn) {
  uint64_t before = atomic_load_explicit(&h->durable_version, memory_order_acquire);
  if (before & 1) return 0;
  *position = atomic_load_explicit(&h->durable_position, memory_order_relaxed);
  *lsn = atomic_load_explicit(&h->durable_lsn, memory_order_relaxed);
  atomic_thread_fence(memory_order_acquire);
  return atomic_load_explicit(&h->durable_version, memory_order_relaxed) == before;
}

static inline uint32_t cc_journal_state(const cc_journal_header *h) {
  return atomic_load_explicit(&h->state, memory_order_acquire);
}
static inline void cc_journal_set_state(cc_journal_header *h, uint32_t v) {
  atomic_store_explicit(&h->state, v, memory_order_release);
}
static inline uint32_t cc_journal_alarms(const cc_journal_header *h) {
  return atomic_load_explicit(&h->alarms, memory_order_acquire);
}
static inline void cc_journal_set_alarms(cc_journal_header *h, uint32_t v) {
  atomic_store_explicit(&h->alarms, v, memory_order_release);
}
static inline uint32_t cc_journal_last_errno(const cc_journal_header *h) {
  return atomic_load_explicit(&h->last_errno, memory_order_relaxed);
}
static inline void cc_journal_set_last_errno(cc_journal_header *h, uint32_t v) {
  atomic_store_explicit(&h->last_errno, v, memory_order_relaxed);
}
static inline uint32_t cc_journal_segment_count(const cc_journal_header *h) {
  return atomic_load_explicit(&h->segment_count, memory_order_relaxed);
}
static inline void cc_journal_set_segment_count(cc_journal_header *h, uint32_t v) {
  atomic_store_explicit(&h->segment_count, v, memory_order_relaxed);
}
static inline uint64_t cc_journal_sync_count(const cc_journal_header *h) {
  return atomic_load_explicit(&h->sync_count, memory_order_relaxed);
}
static inline void cc_journal_set_sync_count(cc_journal_header *h, uint64_t v) {
  atomic_store_explicit(&h->sync_count, v, memory_order_relaxed);
}
static inline int64_t cc_journal_oldest_time(const cc_journal_header *h) {
  return atomic_load_explicit(&h->oldest_time, memory_order_relaxed);
}
static inline void cc_journal_set_oldest_time(cc_journal_header *h, int64_t v) {
  atomic_store_explicit(&h->oldest_time, v, memory_order_relaxed);
}
#endif
