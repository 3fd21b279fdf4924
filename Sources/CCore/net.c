#define _GNU_SOURCE
#include "cc_net.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int address(const char *path, struct sockaddr_un *out, socklen_t *length) {
  size_t used = strlen(path);
  if (used == 0 || used >= sizeof(out->sun_path)) return -ENAMETOOLONG;
  memset(out, 0, sizeof(*out));
  out->sun_family = AF_UNIX;
  memcpy(out->sun_path, path, used);
  *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + used + 1);
  if (path[0] == '@') {
    out->sun_path[0] = 0;
    *length -= 1;
  }
  return 0;
}

int cc_net_connect(const char *path, int blocking) {
  struct sockaddr_un a;
  socklen_t length;
  int status = address(path, &a, &length);
  if (status < 0) return status;
  int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0);
  if (s < 0) return -errno;
  do {
    status = connect(s, (struct sockaddr *)&a, length);
  } while (status < 0 && errno == EINTR);
  if (status < 0) {
    status = -errno;
    close(s);
    return status;
  }
  return s;
}

/// Removes a socket file that nobody listens on any more.
static int clear_stale(const char *path) {
  struct stat st;
  if (lstat(path, &st) < 0) return errno == ENOENT ? 0 : -errno;
  if (!S_ISSOCK(st.st_mode)) return -EEXIST;
  int probe = cc_net_connect(path, 0);
  if (probe >= 0) {
    close(probe);
    return -EADDRINUSE;
  }
  if (probe == -EAGAIN) return -EADDRINUSE;
  return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

int cc_net_listen(const char *path, uint32_t mode, int backlog) {
  struct sockaddr_un a;
  socklen_t length;
  int status = address(path, &a, &length);
  if (status < 0) return status;
  status = clear_stale(path);
  if (status < 0) return status;
  int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (s < 0) return -errno;
  // The mode is on the descriptor before the file exists, so that it is never wider for a moment.
  if (fchmod(s, mode) < 0 || bind(s, (struct sockaddr *)&a, length) < 0 || chmod(path, mode) < 0 ||
      listen(s, backlog) < 0) {
    status = -errno;
    close(s);
    return status;
  }
  return s;
}

int cc_net_accept(int listener) {
  int s;
  do {
    s = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  } while (s < 0 && (errno == EINTR || errno == ECONNABORTED));
  return s < 0 ? -errno : s;
}

int cc_net_peer(int socket, cc_peer *out) {
  struct ucred c;
  socklen_t length = sizeof(c);
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &c, &length) < 0) return -errno;
  out->process = c.pid;
  out->user = c.uid;
  out->group = c.gid;
  return 0;
}

int64_t cc_net_send(int socket, const void *bytes, size_t length) {
  ssize_t n;
  do {
    n = send(socket, bytes, length, MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

int64_t cc_net_receive(int socket, void *bytes, size_t length) {
  ssize_t n;
  do {
    n = recv(socket, bytes, length, 0);
  } while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

int64_t cc_net_send_descriptor(int socket, int descriptor, const void *bytes, size_t length) {
  struct iovec part = {.iov_base = (void *)bytes, .iov_len = length};
  union {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } control;
  memset(&control, 0, sizeof(control));
  struct msghdr m = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)};
  struct cmsghdr *c = CMSG_FIRSTHDR(&m);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(c), &descriptor, sizeof(int));
  ssize_t n;
  do {
    n = sendmsg(socket, &m, MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  return n < 0 ? -errno : n;
}

int64_t cc_net_receive_descriptor(int socket, int *descriptor, void *bytes, size_t length) {
  struct iovec part = {.iov_base = bytes, .iov_len = length};
  union {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } control;
  struct msghdr m = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)};
  ssize_t n;
  do {
    n = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return -errno;
  *descriptor = -1;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || c->cmsg_len < CMSG_LEN(sizeof(int))) continue;
    memcpy(descriptor, CMSG_DATA(c), sizeof(int));
  }
  return n;
}

int cc_net_datagram(const char *path, const void *bytes, size_t length) {
  struct sockaddr_un a;
  socklen_t used;
  int status = address(path, &a, &used);
  if (status < 0) return status;
  int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (s < 0) return -errno;
  ssize_t n;
  do {
    n = sendto(s, bytes, length, MSG_NOSIGNAL, (struct sockaddr *)&a, used);
  } while (n < 0 && errno == EINTR);
  status = n < 0 ? -errno : 0;
  close(s);
  return status;
}

int cc_poll_create(void) {
  int p = epoll_create1(EPOLL_CLOEXEC);
  return p < 0 ? -errno : p;
}

int cc_poll_watch(int poll, int descriptor, uint32_t events, uint64_t token) {
  struct epoll_event e = {.events = 0, .data.u64 = token};
  if (events & cc_ready_read) e.events |= EPOLLIN | EPOLLRDHUP;
  if (events & cc_ready_write) e.events |= EPOLLOUT;
  if (events & cc_ready_edge) e.events |= EPOLLET;
  if (epoll_ctl(poll, EPOLL_CTL_MOD, descriptor, &e) == 0) return 0;
  if (errno != ENOENT) return -errno;
  return epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &e) < 0 ? -errno : 0;
}

int cc_poll_forget(int poll, int descriptor) {
  return epoll_ctl(poll, EPOLL_CTL_DEL, descriptor, NULL) < 0 ? -errno : 0;
}

int cc_poll_wait(int poll, cc_ready *out, int capacity, int timeout_ms) {
  struct epoll_event events[64];
  if (capacity > 64) capacity = 64;
  int n;
  do {
    n = epoll_wait(poll, events, capacity, timeout_ms);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return -errno;
  for (int i = 0; i < n; i++) {
    uint32_t e = events[i].events;
    out[i].token = events[i].data.u64;
    out[i].events = (e & (EPOLLIN | EPOLLRDHUP) ? cc_ready_read : 0) | (e & EPOLLOUT ? cc_ready_write : 0) |
                    (e & (EPOLLHUP | EPOLLERR) ? cc_ready_hangup : 0);
    out[i].reserved = 0;
  }
  return n;
}

int cc_poll_sleep(int poll, int64_t timeout_ns) {
  // The kernel's call that waits for events by the nanosecond is younger than this one.
  struct timespec time = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
  struct pollfd one = {.fd = poll, .events = POLLIN};
  int n = ppoll(&one, 1, timeout_ns < 0 ? NULL : &time, NULL);
  if (n < 0) return errno == EINTR ? 0 : -errno;
  struct epoll_event events[64];
  if (n > 0 && epoll_wait(poll, events, 64, 0) < 0 && errno != EINTR) return -errno;
  return 0;
}
