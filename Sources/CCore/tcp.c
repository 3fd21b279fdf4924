#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "cc_tcp.h"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "consult.h"

_Static_assert(sizeof(struct sockaddr_in6) <= sizeof(((cc_address *)0)->bytes), "an address has room for both versions");

// The kernel's form, properly aligned.
typedef union {
  struct sockaddr any;
  struct sockaddr_in four;
  struct sockaddr_in6 six;
} native;

static socklen_t to_native(const cc_address *address, native *out) {
  memset(out, 0, sizeof *out);
  size_t length = address->length <= sizeof address->bytes ? address->length : sizeof address->bytes;
  memcpy(out, address->bytes, length);
  return (socklen_t)length;
}

static void from_native(const native *address, socklen_t length, cc_address *out) {
  memset(out, 0, sizeof *out);
  out->length = length <= sizeof out->bytes ? length : sizeof out->bytes;
  memcpy(out->bytes, address, out->length);
}

int cc_address_parse(const char *host, uint16_t port, cc_address *out) {
  native n = {0};
  if (inet_pton(AF_INET, host, &n.four.sin_addr) == 1) {
    n.four.sin_family = AF_INET;
    n.four.sin_port = htons(port);
    from_native(&n, sizeof n.four, out);
    return 0;
  }
  if (inet_pton(AF_INET6, host, &n.six.sin6_addr) == 1) {
    n.six.sin6_family = AF_INET6;
    n.six.sin6_port = htons(port);
    from_native(&n, sizeof n.six, out);
    return 0;
  }
  return -EINVAL;
}

uint16_t cc_address_port(const cc_address *address) {
  native n;
  to_native(address, &n);
  return ntohs(n.any.sa_family == AF_INET6 ? n.six.sin6_port : n.four.sin_port);
}

int cc_address_text(const cc_address *address, char *out, size_t capacity) {
  native n;
  to_native(address, &n);
  char host[INET6_ADDRSTRLEN] = "?";
  int is_six = n.any.sa_family == AF_INET6;
  if (is_six) inet_ntop(AF_INET6, &n.six.sin6_addr, host, sizeof host);
  else inet_ntop(AF_INET, &n.four.sin_addr, host, sizeof host);
  int length = snprintf(out, capacity, is_six ? "[%s]:%u" : "%s:%u", host, cc_address_port(address));
  return length < 0 || (size_t)length >= capacity ? -ERANGE : length;
}

int cc_address_resolve(const char *host, uint16_t port, cc_address *out, int capacity) {
  CONSULT("resolve", host, -1, NULL);
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
  struct addrinfo *list = NULL;
  int status = getaddrinfo(host, NULL, &hints, &list);
  if (status == EAI_AGAIN) return -EAGAIN;
  if (status == EAI_MEMORY) return -ENOMEM;
  if (status == EAI_SYSTEM && errno != 0) return -errno;
  if (status != 0) return -ENOENT;
  int count = 0;
  for (struct addrinfo *each = list; each != NULL && count < capacity; each = each->ai_next) {
    if (each->ai_family != AF_INET && each->ai_family != AF_INET6) continue;
    native n = {0};
    memcpy(&n, each->ai_addr, each->ai_addrlen <= sizeof n ? each->ai_addrlen : sizeof n);
    if (each->ai_family == AF_INET) n.four.sin_port = htons(port);
    else n.six.sin6_port = htons(port);
    from_native(&n, each->ai_addrlen, &out[count++]);
  }
  freeaddrinfo(list);
  return count == 0 ? -ENOENT : count;
}

static int open_socket(const native *address) {
  return RETRIED(int, socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

static int fail(int socket) {
  int status = -errno;
  close(socket);
  return status;
}

#ifdef OMS_FAULT
// What a rule of a plan can name: the peer of a connection, else the socket's own address.
static const char *peer_text(int socket, char *out, size_t capacity) {
  native n = {0};
  socklen_t length = sizeof n;
  cc_address address;
  if (getpeername(socket, &n.any, &length) != 0) return NULL;
  from_native(&n, length, &address);
  return cc_address_text(&address, out, capacity) < 0 ? NULL : out;
}
#define CONSULT_PEER(call, socket, length)                                                    \
  char peer[cc_address_text_bytes];                                                           \
  CONSULT(call, peer_text(socket, peer, sizeof peer), socket, length)
#define CONSULT_ADDRESS(call, address)                                                        \
  char text[cc_address_text_bytes];                                                           \
  CONSULT(call, cc_address_text(address, text, sizeof text) < 0 ? "?" : text, -1, NULL)
#else
#define CONSULT_PEER(call, socket, length) (void)0
#define CONSULT_ADDRESS(call, address) (void)0
#endif

int cc_tcp_listen(const cc_address *at, int backlog, cc_address *bound) {
  CONSULT_ADDRESS("listen", at);
  native n;
  socklen_t length = to_native(at, &n);
  int s = open_socket(&n);
  if (s < 0) return s;
  int on = 1;
  // An address that another process listens on is refused all the same.
  if (setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return fail(s);
  if (n.any.sa_family == AF_INET6 && setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) return fail(s);
  if (bind(s, &n.any, length) != 0 || listen(s, backlog) != 0) return fail(s);
  int status = cc_tcp_local(s, bound);
  if (status < 0) {
    close(s);
    return status;
  }
  return s;
}

int cc_tcp_accept(int listener, cc_address *peer) {
  CONSULT("accept", NULL, listener, NULL);
  native n = {0};
  socklen_t length = sizeof n;
  int s;
  do {
    length = sizeof n;
    s = accept4(listener, &n.any, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
  } while (s < 0 && (errno == EINTR || errno == ECONNABORTED));
  if (s < 0) return -errno;
  int on = 1;
  if (setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) return fail(s);
  from_native(&n, length, peer);
  return s;
}

int cc_tcp_connect(const cc_address *to, const cc_address *from) {
  CONSULT_ADDRESS("connect", to);
  native n;
  socklen_t length = to_native(to, &n);
  int s = open_socket(&n);
  if (s < 0) return s;
  int on = 1;
  if (setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) return fail(s);
  if (from != NULL) {
    native local;
    socklen_t local_length = to_native(from, &local);
    // The port is chosen when the peer is known: more connections than ports can begin at one address.
    if (setsockopt(s, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) != 0) return fail(s);
    if (bind(s, &local.any, local_length) != 0) return fail(s);
  }
  // Interrupted, it goes on by itself.
  if (connect(s, &n.any, length) != 0 && errno != EINPROGRESS && errno != EINTR) return fail(s);
  return s;
}

int cc_tcp_connected(int socket) {
  CONSULT_PEER("connected", socket, NULL);
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return -errno;
  if (error != 0) return -error;
  native n;
  length = sizeof n;
  if (getpeername(socket, &n.any, &length) == 0) return 0;
  return errno == ENOTCONN ? -EINPROGRESS : -errno;
}

int cc_tcp_set_timeout(int socket, uint32_t milliseconds) {
  return setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds) != 0 ? -errno : 0;
}

int cc_tcp_set_abort(int socket) {
  struct linger hard = {.l_onoff = 1, .l_linger = 0};
  return setsockopt(socket, SOL_SOCKET, SO_LINGER, &hard, sizeof hard) != 0 ? -errno : 0;
}

int64_t cc_tcp_unsent(int socket) {
  int bytes = 0;
  return ioctl(socket, SIOCOUTQ, &bytes) != 0 ? -errno : bytes;
}

int cc_tcp_finish(int socket) {
  CONSULT_PEER("shutdown", socket, NULL);
  return shutdown(socket, SHUT_WR) != 0 ? -errno : 0;
}

int cc_tcp_local(int socket, cc_address *out) {
  native n = {0};
  socklen_t length = sizeof n;
  if (getsockname(socket, &n.any, &length) != 0) return -errno;
  from_native(&n, length, out);
  return 0;
}

int64_t cc_tcp_send(int socket, const void *bytes, size_t length) {
  CONSULT_PEER("send", socket, &length);
  return RETRIED(int64_t, send(socket, bytes, length, MSG_NOSIGNAL));
}

int64_t cc_tcp_receive(int socket, void *bytes, size_t length) {
  CONSULT_PEER("recv", socket, &length);
  return RETRIED(int64_t, recv(socket, bytes, length, 0));
}
