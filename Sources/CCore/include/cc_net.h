// Sockets of one machine: the control socket, its peers, readiness, and datagrams to the service manager.
//
// As in cc_sys.h: a count, a descriptor or 0 on success, a negative errno otherwise; EINTR is retried inside.
#ifndef CC_NET_H
#define CC_NET_H

#include <stddef.h>
#include <stdint.h>

/// Who sits at the other end, as the kernel vouches for it.
typedef struct {
  int32_t process;
  uint32_t user;
  uint32_t group;
} cc_peer;

typedef struct {
  uint64_t token;
  /// cc_ready_* bits.
  uint32_t events;
  uint32_t reserved;
} cc_ready;

enum {
  /// Bytes, or the end of the stream.
  cc_ready_read = 1,
  cc_ready_write = 2,
  /// Both directions are closed, or the descriptor is broken. Always watched for.
  cc_ready_hangup = 4,
  /// To watch for: each signal is reported once, without being taken out of the descriptor.
  cc_ready_edge = 8,
};

/// A listening stream socket at `path` with exactly `mode`. A socket file that nobody listens on is replaced; one that
/// answers is -EADDRINUSE; anything else at the path is -EEXIST.
int cc_net_listen(const char *path, uint32_t mode, int backlog);
/// The next connection, not blocking; -EAGAIN when there is none.
int cc_net_accept(int listener);
/// A connected stream socket. With `blocking` 0 its reads and writes answer -EAGAIN.
int cc_net_connect(const char *path, int blocking);
int cc_net_peer(int socket, cc_peer *out);
/// Sends what fits without waiting, never raises SIGPIPE; -EAGAIN when nothing fits.
int64_t cc_net_send(int socket, const void *bytes, size_t length);
/// 0 is the end of the stream.
int64_t cc_net_receive(int socket, void *bytes, size_t length);
/// As cc_net_send, with `descriptor` attached to the first byte.
int64_t cc_net_send_descriptor(int socket, int descriptor, const void *bytes, size_t length);
/// As cc_net_receive; `*descriptor` becomes the one that came along, or -1.
int64_t cc_net_receive_descriptor(int socket, int *descriptor, void *bytes, size_t length);
/// One datagram to the socket at `path`; a leading '@' names the abstract space.
int cc_net_datagram(const char *path, const void *bytes, size_t length);

/// Readiness of many descriptors.
int cc_poll_create(void);
/// Watches `descriptor` for `events`; `token` comes back with each report. Calling again changes what is watched.
int cc_poll_watch(int poll, int descriptor, uint32_t events, uint64_t token);
int cc_poll_forget(int poll, int descriptor);
/// Waits at most `timeout_ms` (negative: without limit) for up to `capacity` reports (64 at most).
int cc_poll_wait(int poll, cc_ready *out, int capacity, int timeout_ms);
/// Sleeps until something watched is ready, at most `timeout_ns` (negative: without limit), and forgets which: what is
/// watched by edges is then no longer ready.
int cc_poll_sleep(int poll, int64_t timeout_ns);

#endif
