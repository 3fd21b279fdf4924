// A program under a pseudo-terminal, for tests of what it says to people.
#ifndef CTERMINAL_H
#define CTERMINAL_H

#include <stdint.h>

/// Starts `arguments[0]` (a path) with a new pseudo-terminal of that size as its controlling terminal, in `directory`.
/// The terminal's other end comes in `*terminal`. The process, or a negative errno.
int32_t ct_start(
    char *const *arguments, char *const *environment, const char *directory, uint16_t rows, uint16_t columns,
    int32_t *terminal);
/// What the program has written, waiting `milliseconds` at most: bytes, 0 when nothing came, -1 when it has closed its end.
int64_t ct_read(int32_t terminal, void *bytes, uint64_t count, int32_t milliseconds);
int64_t ct_write(int32_t terminal, const void *bytes, uint64_t count);
/// Closes the terminal and waits for the program: its status as a shell would report it.
int32_t ct_end(int32_t terminal, int32_t process);

#endif
