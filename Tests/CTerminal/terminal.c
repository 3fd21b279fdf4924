#define _GNU_SOURCE
#include "CTerminal.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

int32_t ct_start(
    char *const *arguments, char *const *environment, const char *directory, uint16_t rows, uint16_t columns,
    int32_t *terminal) {
  struct winsize size = {.ws_row = rows, .ws_col = columns};
  int master = -1;
  const pid_t process = forkpty(&master, NULL, NULL, &size);
  if (process < 0) return -errno;
  if (process == 0) {
    if (chdir(directory) == 0) execve(arguments[0], arguments, environment);
    _exit(127);
  }
  *terminal = master;
  return process;
}

int64_t ct_read(int32_t terminal, void *bytes, uint64_t count, int32_t milliseconds) {
  struct pollfd end = {.fd = terminal, .events = POLLIN};
  const int ready = poll(&end, 1, milliseconds);
  if (ready == 0 || (ready < 0 && errno == EINTR)) return 0;
  if (ready < 0) return -1;
  const ssize_t got = read(terminal, bytes, count);
  // EIO: nobody has the other end open any more.
  return got > 0 ? got : -1;
}

int64_t ct_write(int32_t terminal, const void *bytes, uint64_t count) { return write(terminal, bytes, count); }

int32_t ct_end(int32_t terminal, int32_t process) {
  int status = 0;
  pid_t ended;
  do {
    ended = waitpid(process, &status, 0);
  } while (ended < 0 && errno == EINTR);
  close(terminal);
  if (ended < 0) return -errno;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
