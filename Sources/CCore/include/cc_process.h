// Processes: the small parent and the engine it starts, commands run beside it, signals as readable events.
//
// As in cc_sys.h: a number or 0 on success, a negative errno otherwise.
#ifndef CC_PROCESS_H
#define CC_PROCESS_H

#include <stddef.h>
#include <stdint.h>

int32_t cc_process_id(void);
uint32_t cc_process_user(void);
/// Splits the calling process, which must still have one thread only. 0 in the child.
int32_t cc_process_fork(void);
/// The kernel kills the calling process as soon as `parent` is gone; -ESRCH when it is gone already.
int cc_process_die_with(int32_t parent);
/// Leads a process group of its own, away from the terminal's signals; with `session` also a session of its own.
int cc_process_detach(int session);
/// Starts `path` with `arguments` and `environment` (both end with NULL), signal masks and handlers as after log-in.
/// A name without a slash is looked for in the PATH of this process. -ENOENT when it cannot be run.
int32_t cc_process_spawn(const char *path, char *const *arguments, char *const *environment);
/// The status a shell would report: the exit code, or 128 + signal. `*status` is only written when the answer is the
/// process; 0 when it still runs and `wait` is 0. `process` -1 means any child.
int32_t cc_process_wait(int32_t process, int wait, int32_t *status);
int cc_process_signal(int32_t process, int signal);
/// Whether a process of that number exists.
int cc_process_exists(int32_t process);
/// Ends at once, without handlers.
_Noreturn void cc_process_leave(int status);
/// Closes all descriptors but the standard ones and these: whoever started us may wait for their end.
void cc_process_close_others(int keep, int other, int third);
/// Points a standard descriptor at /dev/null.
int cc_process_silence(int descriptor);
/// What is written to `descriptor` goes to the end of a file, which is made when missing, for its owner alone.
int cc_process_redirect(int descriptor, const char *path);
/// A pipe, both ends close-on-exec.
int cc_process_pipe(int *reader, int *writer);

/// The variables of this process, ended by NULL.
char **cc_process_environment(void);
/// The path of this executable, without a NUL; returns its length.
int64_t cc_process_path(char *out, size_t capacity);
/// The working directory; returns its length.
int64_t cc_process_directory(char *out, size_t capacity);
/// Makes `path` a symbolic link to `target`, in place of what was there.
int cc_process_link(const char *target, const char *path);

/// Blocks TERM, INT, HUP, USR1, CHLD and ignores PIPE in the calling thread and those it will start, and returns a
/// descriptor from which they are read one by one.
int cc_signal_open(void);
/// The next signal, 0 when there is none.
int cc_signal_next(int descriptor);

#endif
