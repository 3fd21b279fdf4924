// Faults on command at the system-call seam, for tests. Only the build with -DOMS_FAULT has any of it.
#ifndef CC_FAULT_H
#define CC_FAULT_H

#ifdef OMS_FAULT
#include <stddef.h>
#include <stdint.h>

/// Asks the plan about one call. Returns 0 to go on, or the negative errno to fail with. `path` may be NULL, then the
/// descriptor tells it; `length`, if given, may be made smaller (a short read or write).
int cc_fault_consult(const char *call, const char *path, int descriptor, size_t *length);
/// How far the plan has moved the calendar's clock, after asking it once more.
int64_t cc_fault_clock(void);
#endif

#endif
