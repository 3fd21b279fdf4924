#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "cc_thread.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// The CPUs the process was given, as seen at the first question: a thread started by a pinned one inherits one CPU, and
// that must not look like all there are.
static cpu_set_t given_cpus;
static int given_status;

static void find_given_cpus(void) {
  given_status = sched_getaffinity(0, sizeof given_cpus, &given_cpus) == 0 ? 0 : -errno;
}

static int given(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, find_given_cpus);
  return given_status;
}

int cc_thread_pin(int cpu) {
  int status = given();
  if (status < 0) return status;
  if (cpu < 0 || cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, &given_cpus)) return -EINVAL;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  return sched_setaffinity(0, sizeof one, &one) == 0 ? 0 : -errno;
}

int cc_thread_unpin(void) {
  int status = given();
  if (status < 0) return status;
  return sched_setaffinity(0, sizeof given_cpus, &given_cpus) == 0 ? 0 : -errno;
}

int cc_thread_cpu_count(void) {
  int status = given();
  return status < 0 ? status : CPU_COUNT(&given_cpus);
}

int cc_thread_set_name(const char *name) {
  char kept[16] = {0};
  strncpy(kept, name, sizeof kept - 1);
  return -pthread_setname_np(pthread_self(), kept);
}

int cc_thread_start(cc_thread_entry entry, void *context, size_t stack_bytes, uint64_t *thread) {
  pthread_attr_t attributes;
  int status = pthread_attr_init(&attributes);
  if (status != 0) return -status;
  if (stack_bytes > 0) status = pthread_attr_setstacksize(&attributes, stack_bytes);
  pthread_t started;
  if (status == 0) status = pthread_create(&started, &attributes, entry, context);
  pthread_attr_destroy(&attributes);
  if (status == 0) *thread = (uint64_t)started;
  return -status;
}

int cc_thread_join(uint64_t thread) { return -pthread_join((pthread_t)thread, NULL); }

int cc_thread_leave(uint64_t thread) { return -pthread_detach((pthread_t)thread); }

int cc_thread_process_id(void) { return getpid(); }

void cc_thread_yield(void) { sched_yield(); }

int cc_park_wait(cc_park *p, uint32_t expected, int64_t timeout_ns) {
  struct timespec until, *deadline = NULL;
  if (timeout_ns >= 0) {
    // An instant instead of an interval: a signal that interrupts the sleep does not lengthen it.
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t nanoseconds = until.tv_nsec + timeout_ns % 1000000000;
    until.tv_sec += (time_t)(timeout_ns / 1000000000 + nanoseconds / 1000000000);
    until.tv_nsec = (long)(nanoseconds % 1000000000);
    deadline = &until;
  }
  for (;;) {
    // Not a private futex: the word may lie in memory shared between processes.
    long status = syscall(SYS_futex, &p->word, FUTEX_WAIT_BITSET, expected, deadline, NULL, FUTEX_BITSET_MATCH_ANY);
    if (status == 0 || errno == EAGAIN) return 0;
    if (errno != EINTR) return -errno;
  }
}

void cc_park_wake(cc_park *p) {
  atomic_fetch_add_explicit(&p->word, 1, memory_order_release);
  syscall(SYS_futex, &p->word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

int cc_event_create(void) {
  int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return descriptor >= 0 ? descriptor : -errno;
}

void cc_event_signal(int descriptor) {
  uint64_t one = 1;
  // EAGAIN means that the counter is full: ready is ready.
  while (write(descriptor, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

void cc_event_drain(int descriptor) {
  uint64_t count;
  while (read(descriptor, &count, sizeof count) < 0 && errno == EINTR) {
  }
}
