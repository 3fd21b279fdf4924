// Threads: names, CPUs, parking.
#ifndef CC_THREAD_H
#define CC_THREAD_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/// Pins the calling thread to one CPU; -EINVAL when the process was not given that CPU.
int cc_thread_pin(int cpu);
/// Lets the calling thread run on every CPU of the process again. A new thread has the place of the one that started it.
int cc_thread_unpin(void);
/// Number of CPUs the process was given.
int cc_thread_cpu_count(void);
/// At most 15 bytes are kept.
int cc_thread_set_name(const char *name);

typedef void *(*cc_thread_entry)(void *context);
/// Starts a thread with a stack of `stack_bytes` (0: the system's default). `thread` is what `cc_thread_join` wants.
int cc_thread_start(cc_thread_entry entry, void *context, size_t stack_bytes, uint64_t *thread);
/// Waits for its end; once for each thread.
int cc_thread_join(uint64_t thread);
/// Instead of joining: it goes with the process.
int cc_thread_leave(uint64_t thread);
int cc_thread_process_id(void);
/// Lets another thread run, if one wants to.
void cc_thread_yield(void);

/// Tells the CPU that this is a spin loop.
static inline void cc_thread_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
/// What a consumer that may sleep shares with its producers. They pay for a wake only while it does sleep.
typedef struct {
  _Atomic uint32_t sleeping;
} cc_doorbell;

/// Announces sleep. The caller then looks for work once more, and only if there is none sleeps.
static inline void cc_doorbell_announce(cc_doorbell *b) {
  atomic_store_explicit(&b->sleeping, 1, memory_order_relaxed);
  // With the fence in cc_doorbell_must_ring: either the producer sees `sleeping`, or this side sees its message.
  atomic_thread_fence(memory_order_seq_cst);
}
/// The consumer is awake again.
static inline void cc_doorbell_retract(cc_doorbell *b) {
  atomic_store_explicit(&b->sleeping, 0, memory_order_relaxed);
}
/// 1 for exactly one producer after each announcement: it has to wake the sleeper. Call after publishing.
static inline int cc_doorbell_must_ring(cc_doorbell *b) {
  atomic_thread_fence(memory_order_seq_cst);
  if (atomic_load_explicit(&b->sleeping, memory_order_relaxed) == 0) return 0;
  return atomic_exchange_explicit(&b->sleeping, 0, memory_order_relaxed) != 0;
}
static inline int cc_doorbell_is_announced(const cc_doorbell *b) {
  return atomic_load_explicit(&((cc_doorbell *)b)->sleeping, memory_order_relaxed) != 0;
}

/// An eventfd, for a sleeper that waits for sockets too. Returns the descriptor.
int cc_event_create(void);
void cc_event_signal(int descriptor);
/// Takes what was signalled, so that it is not ready any more.
void cc_event_drain(int descriptor);

#endif
}

/// Starts to fetch the cache line at `place`, which may be anywhere.
static inline void cc_prefetch(const void *place) { __builtin_prefetch(place, 0, 3); }

/// The same for a line that will be written: no other core has it any more when it is here.
static inline void cc_prefetch_write(void *place) {
#if defined(__x86_64__)
  // The compiler would make a plain fetch of it: CPUs that lack the instruction do nothing.
  __asm__ volatile("prefetchw %0" : : "m"(*(char *)place));
#else
  __builtin_prefetch(place, 1, 3);
#endif
}

/// A 32-bit word that threads, also of different processes, sleep on.
typedef struct {
  _Atomic uint32_t word;
} cc_park;

/// Sleeps while the word is `expected`, at most `timeout_ns` (negative: without limit). 0 woken or changed, -ETIMEDOUT.
int cc_park_wait(cc_park *p, uint32_t expected, int64_t timeout_ns);
/// Adds one to the word and wakes all sleepers.
void cc_park_wake(cc_park *p);
static inline uint32_t cc_park_load(const cc_park *p) {
  return atomic_load_explicit(&((cc_park *)p)->word, memory_order_acquire);
}

/// What a consumer that may sleep shares with its producers. They pay for a wake only while it does sleep.
typedef struct {
  _Atomic uint32_t sleeping;
  cc_park park;
} cc_doorbell;

/// Announces sleep. The caller then looks for work once more, and only if there is none waits on the park word with
/// the value returned here.
static inline uint32_t cc_doorbell_announce(cc_doorbell *b) {
  uint32_t seen = cc_park_load(&b->park);
  atomic_store_explicit(&b->sleeping, 1, memory_order_relaxed);
  // With the fence in cc_doorbell_must_ring: either the producer sees `sleeping`, or this side sees its message.
  atomic_thread_fence(memory_order_seq_cst);
  return seen;
}
/// The consumer is awake again.
static inline void cc_doorbell_retract(cc_doorbell *b) {
  atomic_store_explicit(&b->sleeping, 0, memory_order_relaxed);
}
/// 1 for exactly one producer after each announcement: it has to wake the sleeper. Call after publishing.
static inline int cc_doorbell_must_ring(cc_doorbell *b) {
  atomic_thread_fence(memory_order_seq_cst);
  if (atomic_load_explicit(&b->sleeping, memory_order_relaxed) == 0) return 0;
  return atomic_exchange_explicit(&b->sleeping, 0, memory_order_relaxed) != 0;
}
static inline int cc_doorbell_is_announced(const cc_doorbell *b) {
  return atomic_load_explicit(&((cc_doorbell *)b)->sleeping, memory_order_relaxed) != 0;
}

/// An eventfd, for a sleeper that waits for sockets too. Returns the descriptor.
int cc_event_create(void);
void cc_event_signal(int descriptor);
/// Takes what was signalled, so that it is not ready any more.
void cc_event_drain(int descriptor);

#endif
