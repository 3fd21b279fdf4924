#define _GNU_SOURCE
#include "cc_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

int32_t cc_process_id(void) { return getpid(); }

uint32_t cc_process_user(void) { return getuid(); }

int32_t cc_process_fork(void) {
  pid_t p = fork();
  return p < 0 ? -errno : p;
}

int cc_process_die_with(int32_t parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return -errno;
  // It may have died before the request was in place.
  return getppid() == parent ? 0 : -ESRCH;
}

int cc_process_detach(int session) {
  if (session) return setsid() < 0 ? -errno : 0;
  return setpgid(0, 0) < 0 ? -errno : 0;
}

static void reset_signals(void) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  signal(SIGPIPE, SIG_DFL);
}

int32_t cc_process_spawn(const char *path, char *const *arguments, char *const *environment) {
  int failed[2];
  if (pipe2(failed, O_CLOEXEC) < 0) return -errno;
  pid_t p = fork();
  if (p < 0) {
    int status = -errno;
    close(failed[0]);
    close(failed[1]);
    return status;
  }
  if (p == 0) {
    reset_signals();
    execvpe(path, arguments, environment);
    int error = errno;
    ssize_t ignored = write(failed[1], &error, sizeof(error));
    (void)ignored;
    _exit(127);
  }
  close(failed[1]);
  int error = 0;
  ssize_t n;
  do {
    n = read(failed[0], &error, sizeof(error));
  } while (n < 0 && errno == EINTR);
  close(failed[0]);
  if (n != sizeof(error)) return p;
  while (waitpid(p, NULL, 0) < 0 && errno == EINTR) {
  }
  return -error;
}

void cc_process_close_others(int keep, int other, int third) {
  struct rlimit limit;
  int end = 1024;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536) end = (int)limit.rlim_cur;
  for (int descriptor = 3; descriptor < end; descriptor++) {
    if (descriptor != keep && descriptor != other && descriptor != third) close(descriptor);
  }
}

int32_t cc_process_wait(int32_t process, int wait, int32_t *status) {
  int raw;
  pid_t p;
  do {
    p = waitpid(process, &raw, wait ? 0 : WNOHANG);
  } while (p < 0 && errno == EINTR);
  if (p < 0) return -errno;
  if (p > 0) *status = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
  return p;
}

int cc_process_signal(int32_t process, int signal) { return kill(process, signal) < 0 ? -errno : 0; }

int cc_process_exists(int32_t process) { return kill(process, 0) == 0 || errno == EPERM; }

// There in a build that counts coverage only: what it does by itself at exit, `_exit` leaves out.
__attribute__((weak)) int __llvm_profile_write_file(void);

_Noreturn void cc_process_leave(int status) {
  if (__llvm_profile_write_file) __llvm_profile_write_file();
  _exit(status);
}

static int point(int descriptor, const char *path, int flags) {
  int d = open(path, flags | O_CLOEXEC, 0600);
  if (d < 0) return -errno;
  int status = dup2(d, descriptor) < 0 ? -errno : 0;
  close(d);
  return status;
}

int cc_process_silence(int descriptor) { return point(descriptor, "/dev/null", O_RDWR); }

int cc_process_redirect(int descriptor, const char *path) {
  return point(descriptor, path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW);
}

int cc_process_pipe(int *reader, int *writer) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
  *reader = ends[0];
  *writer = ends[1];
  return 0;
}

int cc_signal_open(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGCHLD);
  if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0) return -EINVAL;
  signal(SIGPIPE, SIG_IGN);
  int d = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  return d < 0 ? -errno : d;
}

int cc_signal_next(int descriptor) {
  struct signalfd_siginfo info;
  ssize_t n;
  do {
    n = read(descriptor, &info, sizeof(info));
  } while (n < 0 && errno == EINTR);
  return n == sizeof(info) ? (int)info.ssi_signo : 0;
}

int cc_process_link(const char *target, const char *path) {
  if (unlink(path) < 0 && errno != ENOENT) return -errno;
  return symlink(target, path) < 0 ? -errno : 0;
}

char **cc_process_environment(void) { return environ; }

int64_t cc_process_path(char *out, size_t capacity) {
  ssize_t n = readlink("/proc/self/exe", out, capacity);
  return n < 0 ? -errno : n;
}

int64_t cc_process_directory(char *out, size_t capacity) {
  return getcwd(out, capacity) ? (int64_t)strlen(out) : -errno;
}
