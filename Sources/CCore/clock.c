#include "cc_clock.h"

#include <time.h>

#include "cc_fault.h"

static int64_t now(clockid_t clock) {
  struct timespec t;
  // Cannot fail for these clocks on any Linux this builds for; a zero would be seen as a clock that went back.
  if (clock_gettime(clock, &t) != 0) return 0;
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t cc_clock_boottime(void) { return now(CLOCK_BOOTTIME); }
int64_t cc_clock_monotonic(void) { return now(CLOCK_MONOTONIC); }
int64_t cc_clock_realtime(void) {
#ifdef OMS_FAULT
  return now(CLOCK_REALTIME) + cc_fault_clock();
#else
  return now(CLOCK_REALTIME);
#endif
}
int64_t cc_clock_thread_cpu(void) { return now(CLOCK_THREAD_CPUTIME_ID); }
