// What every system call of the seam does around the call itself. Not part of the module.
#ifndef CC_CONSULT_H
#define CC_CONSULT_H

#include <errno.h>

#include "cc_fault.h"

#ifdef OMS_FAULT
#define CONSULT(call, path, descriptor, length)                         \
  do {                                                                  \
    int injected;                                                       \
    /* An interrupted call is made again, as below. */                  \
    do {                                                                \
      injected = cc_fault_consult(call, path, descriptor, length);      \
    } while (injected == -EINTR);                                       \
    if (injected < 0) return injected;                                  \
  } while (0)
#else
#define CONSULT(call, path, descriptor, length) (void)0
#endif

// Repeats a call that a signal interrupted; its value is then the result, or a negative errno.
#define RETRIED(type, expression)                   \
  __extension__({                                   \
    type result;                                    \
    do {                                            \
      result = (expression);                        \
    } while (result < 0 && errno == EINTR);         \
    result < 0 ? (type)(-errno) : result;           \
  })

#endif
