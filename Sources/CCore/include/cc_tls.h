// TLS over a non-blocking socket, by OpenSSL: 1.2 and later, no renegotiation, HTTP/1.1 only.
//
// Counts and 0 are success; everything negative is a reason: one of cc_tls_*, or a negative errno of the socket. A
// context and its connections belong to one thread.
#ifndef CC_TLS_H
#define CC_TLS_H

#include <stddef.h>
#include <stdint.h>

typedef struct cc_tls_context cc_tls_context;
typedef struct cc_tls cc_tls;

enum {
  /// Call again when the socket is readable, or writable.
  cc_tls_want_read = -10001,
  cc_tls_want_write = -10002,
  /// The peer said that it will send nothing more.
  cc_tls_closed = -10003,
  /// The stream ended without that: what came last may be cut.
  cc_tls_truncated = -10004,
  /// The peer's certificate is not believed: ask cc_tls_problem.
  cc_tls_certificate = -10005,
  /// The peer broke the protocol, speaks none that we accept, or sent an alert: ask cc_tls_reason.
  cc_tls_protocol = -10006,
  cc_tls_memory = -10007,
  /// Of contexts: the file or its content cannot be used: ask cc_tls_error_text.
  cc_tls_file = -10008,
  cc_tls_key_mismatch = -10009,
};

/// What is wrong with a certificate.
enum {
  cc_tls_problem_none = 0,
  cc_tls_problem_expired = 1,
  cc_tls_problem_not_yet_valid = 2,
  cc_tls_problem_wrong_host = 3,
  /// It vouches for itself.
  cc_tls_problem_self_signed = 4,
  /// Nobody we know vouches for it.
  cc_tls_problem_unknown_authority = 5,
  cc_tls_problem_other = 6,
};

/// A context of clients. `authorities` is PEM text of the certificates to believe, or NULL: the system's store.
int cc_tls_client_context(const void *authorities, size_t length, cc_tls_context **out);
/// A context of servers, with the PEM texts of the certificate chain and of its key.
int cc_tls_server_context(
    const void *chain, size_t chain_length, const void *key, size_t key_length, cc_tls_context **out);
/// Only when no connection is left.
void cc_tls_context_free(cc_tls_context *context);

/// A connection over `socket`, which stays the caller's. `host` is whom a client means, a name or a numeric address;
/// NULL on a server. Sessions are resumed with the host they were made with.
int cc_tls_open(cc_tls_context *context, int socket, const char *host, cc_tls **out);
void cc_tls_free(cc_tls *tls);
/// 0 when it is done.
int cc_tls_handshake(cc_tls *tls);
int64_t cc_tls_receive(cc_tls *tls, void *bytes, size_t length);
int64_t cc_tls_send(cc_tls *tls, const void *bytes, size_t length);
/// Tells the peer that nothing more will come; reading goes on. cc_tls_want_write: call again.
int cc_tls_finish(cc_tls *tls);
/// Whether bytes were read from the socket that are not delivered yet: the socket will not tell of them.
int cc_tls_has_pending(const cc_tls *tls);
int cc_tls_is_resumed(const cc_tls *tls);
/// Why the peer's certificate was refused.
int cc_tls_problem(const cc_tls *tls);
/// "TLSv1.3 TLS_AES_256_GCM_SHA384" with its NUL; returns the length without it.
int cc_tls_description(const cc_tls *tls, char *out, size_t capacity);
/// The protocol that was agreed inside, "" if none; as above.
int cc_tls_protocol_name(const cc_tls *tls, char *out, size_t capacity);
/// In OpenSSL's words why the last call failed; as above.
int cc_tls_reason(const cc_tls *tls, char *out, size_t capacity);
/// The same for a call that makes a context or a certificate, on this thread; as above.
int cc_tls_error_text(char *out, size_t capacity);

/// A certificate to be made.
typedef struct {
  /// Who it is for, in words.
  const char *name;
  /// "DNS:localhost,IP:127.0.0.1", or NULL.
  const char *hosts;
  /// Seconds since 1970.
  int64_t not_before;
  int64_t not_after;
  /// Whether it may vouch for others.
  int is_authority;
} cc_tls_plan;

/// Bytes at the start of the caller's memory, without a NUL.
typedef struct {
  void *bytes;
  size_t capacity;
  size_t length;
} cc_tls_text;

/// A new key on P-256 and a certificate for it, both as PEM. With `issuer` and `issuer_key` (PEM) that one vouches for
/// it, otherwise itself. -ENOSPC: the texts need more room.
int cc_tls_make_certificate(
    const cc_tls_plan *plan, const cc_tls_text *issuer, const cc_tls_text *issuer_key, cc_tls_text *certificate,
    cc_tls_text *key);

#endif
