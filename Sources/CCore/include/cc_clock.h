// The only readers of the machine's clocks.
#ifndef CC_CLOCK_H
#define CC_CLOCK_H

#include <stdint.h>

/// Nanoseconds of CLOCK_BOOTTIME: monotone, counts suspend.
int64_t cc_clock_boottime(void);
/// Nanoseconds of CLOCK_MONOTONIC: what intervals are measured with.
int64_t cc_clock_monotonic(void);
/// Nanoseconds since 1970-01-01T00:00:00Z by CLOCK_REALTIME.
int64_t cc_clock_realtime(void);
/// Nanoseconds of CPU that the calling thread has used.
int64_t cc_clock_thread_cpu(void);

#endif
