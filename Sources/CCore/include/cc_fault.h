// Faults on command at the system-call seam, for tests. Only the build with -DOMS_FAULT has any of it.
#ifndef CC_FAULT_H
#define CC_FAULT_H

#ifdef OMS_FAULT
#include <stddef.h>

/// Asks the plan about one call. Returns 0 to go on, or the negative errno to fail with. `path` may be NULL, then the
/// descriptor tells it; `length`, if given, may be made smaller (a short read or write).
int cc_fault_consult(const char *call, const char *path, int descriptor, size_t *length);
#endif

#endif
