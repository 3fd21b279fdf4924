// TCP: listening, connecting, and what the kernel knows of a connection. Name resolution is apart, since it waits.
//
// As in cc_sys.h: a count, a descriptor or 0 on success, a negative errno otherwise; EINTR is retried inside.
#ifndef CC_TCP_H
#define CC_TCP_H

#include <stddef.h>
#include <stdint.h>

/// Address and port, of either version of the protocol, as the kernel writes them. Plain bytes.
typedef struct {
  uint32_t length;
  uint8_t bytes[28];
} cc_address;

enum {
  /// "[", 45 characters of an address, "]:", five digits, NUL.
  cc_address_text_bytes = 56,
};

/// Reads a numeric address such as 127.0.0.1 or ::1; -EINVAL for anything else, names included.
int cc_address_parse(const char *host, uint16_t port, cc_address *out);
/// Writes 127.0.0.1:80 or [::1]:80 with its NUL; returns the length without it.
int cc_address_text(const cc_address *address, char *out, size_t capacity);
uint16_t cc_address_port(const cc_address *address);
/// Asks files and name servers for the addresses of a name. May take many seconds: for a thread that has the time.
/// Returns how many there are, at most `capacity`; -ENOENT: no such name; -EAGAIN: no server answered.
int cc_address_resolve(const char *host, uint16_t port, cc_address *out, int capacity);

/// A listening socket, not blocking; `bound` receives the address, whose port the kernel chose if it was 0.
int cc_tcp_listen(const cc_address *at, int backlog, cc_address *bound);
/// The next connection, not blocking, without delay for small writes; -EAGAIN when there is none.
int cc_tcp_accept(int listener, cc_address *peer);
/// Begins a connection and returns its descriptor at once; `from` is the local address, or NULL. It is ready for writing
/// when it is decided.
int cc_tcp_connect(const cc_address *to, const cc_address *from);
/// 0 when connected, -EINPROGRESS while it is undecided, otherwise why it failed.
int cc_tcp_connected(int socket);
/// The connection breaks when sent bytes are not acknowledged for so long.
int cc_tcp_set_timeout(int socket, uint32_t milliseconds);
/// The next close resets the connection and drops what was not sent.
int cc_tcp_set_abort(int socket);
/// Bytes that were written and that the peer has not acknowledged.
int64_t cc_tcp_unsent(int socket);
/// Says to the peer that nothing more will come.
int cc_tcp_finish(int socket);
int cc_tcp_local(int socket, cc_address *out);
/// As cc_net_send and cc_net_receive.
int64_t cc_tcp_send(int socket, const void *bytes, size_t length);
int64_t cc_tcp_receive(int socket, void *bytes, size_t length);

#endif
