// The least client that answers bytes with bytes over TLS: it spins, and does nothing else.
#ifndef CR_ECHO_H
#define CR_ECHO_H

#include <stddef.h>
#include <stdint.h>

/// A connection over loopback; nobody is verified. `NULL`: it cannot be made.
void *cr_echo_open(uint16_t port);
/// Reads `in` bytes and answers with `out` of them, `rounds` times, spinning. 0 on failure.
int cr_echo_run(void *echo, size_t in, size_t out, uint64_t rounds);
void cr_echo_close(void *echo);

#endif
