// Counts what a thread asks of the heap and of the kernel between two marks. For a program that is linked with
// `--wrap=malloc` and its like: see Package.swift.
#ifndef CW_WATCH_H
#define CW_WATCH_H

#include <stdint.h>

/// Prepares the calling thread. 0, or -errno: -ENOSYS where the kernel cannot say which system calls are made.
int cw_watch_start(void);
/// From here on the calling thread is watched.
void cw_watch_begin(void);
void cw_watch_end(void);

/// Calls of malloc, calloc, realloc, aligned_alloc, posix_memalign and free while watched.
uint64_t cw_watch_allocations(void);
/// Times between two marks in which there was a system call: the first of each is counted, the others pass.
uint64_t cw_watch_system_calls(void);

/// Asks for memory; makes a system call: to prove that the watch sees both.
void cw_watch_allocate(void);
void cw_watch_call(void);

#endif
