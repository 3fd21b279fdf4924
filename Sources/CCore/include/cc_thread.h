// Threads: names, CPUs, parking.
#ifndef CC_THREAD_H
#define CC_THREAD_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/// Pins the calling thread to one CPU; -EINVAL when the CPU is not in its set.
int cc_thread_pin(int cpu);
/// Number of CPUs the calling thread may run on.
int cc_thread_cpu_count(void);
/// At most 15 bytes are kept.
int cc_thread_set_name(const char *name);

typedef void *(*cc_thread_entry)(void *context);
/// Starts a thread with a stack of `stack_bytes` (0: the system's default). `thread` is what `cc_thread_join` wants.
int cc_thread_start(cc_thread_entry entry, void *context, size_t stack_bytes, uint64_t *thread);
/// Waits for its end; once for each thread.
int cc_thread_join(uint64_t thread);
int cc_thread_process_id(void);

/// Tells the CPU that this is a spin loop.
static inline void cc_thread_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
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

#endif
