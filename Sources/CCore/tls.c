#include "cc_tls.h"
#include "cc_crypto.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "cc_tcp.h"

enum {
  // An exchange has a handful of hosts; with more, the oldest session is forgotten.
  session_max = 32,
  host_bytes = 256,
  reason_bytes = 128,
  // A record of TLS and what surrounds it: one read from the socket takes all of it.
  read_bytes = 17 * 1024,
};

typedef struct {
  char host[host_bytes];
  SSL_SESSION *session;
} saved_session;

struct cc_tls_context {
  SSL_CTX *ssl;
  BIO_METHOD *method;
  int is_server;
  int next_session;
  saved_session sessions[session_max];
};

struct cc_tls {
  SSL *ssl;
  cc_tls_context *context;
  int socket;
  // Of the last call on the socket.
  int socket_error;
  int socket_ended;
  int is_broken;
  char host[host_bytes];
  char reason[reason_bytes];
};

static void copy_reason(char *out) {
  unsigned long code = ERR_peek_last_error();
  const char *text = code == 0 ? NULL : ERR_reason_error_string(code);
  out[0] = 0;
  if (text == NULL) return;
  strncpy(out, text, reason_bytes - 1);
  out[reason_bytes - 1] = 0;
}

static int put_text(const char *text, char *out, size_t capacity) {
  size_t length = strlen(text);
  if (length >= capacity) return -ERANGE;
  memcpy(out, text, length + 1);
  return (int)length;
}

static _Thread_local char last_reason[reason_bytes];

int cc_tls_error_text(char *out, size_t capacity) { return put_text(last_reason, out, capacity); }

// MARK: the socket below

static int socket_write(BIO *bio, const char *bytes, size_t length, size_t *written) {
  cc_tls *tls = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  int64_t n = cc_tcp_send(tls->socket, bytes, length);
  if (n < 0) {
    if (n == -EAGAIN) BIO_set_retry_write(bio);
    else tls->socket_error = (int)n;
    return 0;
  }
  *written = (size_t)n;
  return 1;
}

static int socket_read(BIO *bio, char *bytes, size_t length, size_t *got) {
  cc_tls *tls = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  int64_t n = cc_tcp_receive(tls->socket, bytes, length);
  if (n <= 0) {
    if (n == -EAGAIN) BIO_set_retry_read(bio);
    else if (n == 0) tls->socket_ended = 1;
    else tls->socket_error = (int)n;
    return 0;
  }
  *got = (size_t)n;
  return 1;
}

static long socket_control(BIO *bio, int command, long number, void *pointer) {
  (void)number;
  (void)pointer;
  const cc_tls *tls = BIO_get_data(bio);
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return tls->socket_ended;
  return 0;
}

static int socket_create(BIO *bio) {
  BIO_set_init(bio, 1);
  return 1;
}

static BIO_METHOD *make_method(void) {
  BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "oms socket");
  if (method == NULL) return NULL;
  BIO_meth_set_write_ex(method, socket_write);
  BIO_meth_set_read_ex(method, socket_read);
  BIO_meth_set_ctrl(method, socket_control);
  BIO_meth_set_create(method, socket_create);
  return method;
}

// MARK: contexts

static saved_session *find_session(cc_tls_context *context, const char *host) {
  for (int i = 0; i < session_max; i++) {
    if (context->sessions[i].session != NULL && strcmp(context->sessions[i].host, host) == 0) {
      return &context->sessions[i];
    }
  }
  return NULL;
}

// Called when the server offers a session to come back with. Keeping it is answering 1.
static int keep_session(SSL *ssl, SSL_SESSION *session) {
  const cc_tls *tls = SSL_get_app_data(ssl);
  if (tls == NULL || tls->host[0] == 0) return 0;
  cc_tls_context *context = tls->context;
  saved_session *place = find_session(context, tls->host);
  if (place == NULL) {
    place = &context->sessions[context->next_session];
    context->next_session = (context->next_session + 1) % session_max;
  }
  if (place->session != NULL) SSL_SESSION_free(place->session);
  strcpy(place->host, tls->host);
  place->session = session;
  return 1;
}

// Whoever asks for another protocol than ours is told so by the handshake.
static int choose_protocol(
    SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *in, unsigned in_length,
    void *unused) {
  (void)ssl;
  (void)unused;
  for (unsigned at = 0; at + 1 <= in_length; at += 1u + in[at]) {
    if (in[at] == 8 && at + 9 <= in_length && memcmp(in + at + 1, "http/1.1", 8) == 0) {
      *out = in + at + 1;
      *out_length = 8;
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int make_context(const SSL_METHOD *method, int is_server, cc_tls_context **out) {
  ERR_clear_error();
  cc_tls_context *context = calloc(1, sizeof *context);
  if (context == NULL) return cc_tls_memory;
  context->is_server = is_server;
  context->method = make_method();
  context->ssl = SSL_CTX_new(method);
  if (context->method == NULL || context->ssl == NULL ||
      SSL_CTX_set_min_proto_version(context->ssl, TLS1_2_VERSION) != 1) {
    copy_reason(last_reason);
    cc_tls_context_free(context);
    return cc_tls_memory;
  }
  SSL_CTX_set_options(context->ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context->ssl, 1);
  SSL_CTX_set_default_read_buffer_len(context->ssl, read_bytes);
  *out = context;
  return 0;
}

void cc_tls_context_free(cc_tls_context *context) {
  for (int i = 0; i < session_max; i++) {
    if (context->sessions[i].session != NULL) SSL_SESSION_free(context->sessions[i].session);
  }
  SSL_CTX_free(context->ssl);
  BIO_meth_free(context->method);
  free(context);
}

static BIO *read_only(const void *bytes, size_t length) {
  return length > 1u << 26 ? NULL : BIO_new_mem_buf(bytes, (int)length);
}

// All certificates of a text into a store. Returns how many.
static int add_authorities(SSL_CTX *ssl, const void *bytes, size_t length) {
  BIO *bio = read_only(bytes, length);
  if (bio == NULL) return 0;
  int count = 0;
  X509 *each;
  while ((each = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL)) != NULL) {
    // One that is there twice is no error.
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(ssl), each) == 1) count++;
    X509_free(each);
  }
  BIO_free(bio);
  return count;
}

int cc_tls_client_context(const void *authorities, size_t length, cc_tls_context **out) {
  // Whoever uses OpenSSL first decides where it keeps everything, keys of others included.
  (void)cc_crypto_start();
  cc_tls_context *context;
  int status = make_context(TLS_client_method(), 0, &context);
  if (status < 0) return status;
  SSL_CTX_set_verify(context->ssl, SSL_VERIFY_PEER, NULL);
  static const unsigned char protocols[] = "\x08http/1.1";
  // This call answers 0 for success.
  if (SSL_CTX_set_alpn_protos(context->ssl, protocols, sizeof protocols - 1) != 0) status = cc_tls_memory;
  if (authorities != NULL) {
    if (add_authorities(context->ssl, authorities, length) == 0) status = cc_tls_file;
  } else if (SSL_CTX_set_default_verify_paths(context->ssl) != 1) {
    status = cc_tls_file;
  }
  SSL_CTX_set_session_cache_mode(context->ssl, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context->ssl, keep_session);
  copy_reason(last_reason);
  if (status < 0) {
    cc_tls_context_free(context);
    return status;
  }
  *out = context;
  return 0;
}

// The first certificate is the server's own, those behind it lead to its authority.
static int use_chain(SSL_CTX *ssl, const void *bytes, size_t length) {
  BIO *bio = read_only(bytes, length);
  if (bio == NULL) return cc_tls_memory;
  int status = 0;
  X509 *each = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);
  if (each == NULL || SSL_CTX_use_certificate(ssl, each) != 1) status = cc_tls_file;
  X509_free(each);
  while (status == 0 && (each = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
    // The context owns it from here on.
    if (SSL_CTX_add0_chain_cert(ssl, each) == 1) continue;
    X509_free(each);
    status = cc_tls_memory;
  }
  BIO_free(bio);
  return status;
}

// A key with a pass phrase would ask at the terminal: it is refused instead.
static int no_pass_phrase(char *out, int capacity, int is_writing, void *unused) {
  (void)out;
  (void)capacity;
  (void)is_writing;
  (void)unused;
  return -1;
}

static EVP_PKEY *read_key(const void *bytes, size_t length) {
  BIO *bio = read_only(bytes, length);
  if (bio == NULL) return NULL;
  EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL);
  BIO_free(bio);
  return key;
}

int cc_tls_server_context(
    const void *chain, size_t chain_length, const void *key, size_t key_length, cc_tls_context **out) {
  (void)cc_crypto_start();
  cc_tls_context *context;
  int status = make_context(TLS_server_method(), 1, &context);
  if (status < 0) return status;
  status = use_chain(context->ssl, chain, chain_length);
  if (status == 0) {
    EVP_PKEY *private = read_key(key, key_length);
    if (private == NULL) status = cc_tls_file;
    else if (SSL_CTX_use_PrivateKey(context->ssl, private) != 1) status = cc_tls_key_mismatch;
    else if (SSL_CTX_check_private_key(context->ssl) != 1) status = cc_tls_key_mismatch;
    EVP_PKEY_free(private);
  }
  SSL_CTX_set_alpn_select_cb(context->ssl, choose_protocol, NULL);
  // Without a name of their own sessions could not be resumed.
  static const unsigned char name[] = "oms";
  if (status == 0 && SSL_CTX_set_session_id_context(context->ssl, name, sizeof name - 1) != 1) status = cc_tls_memory;
  if (status < 0) {
    copy_reason(last_reason);
    cc_tls_context_free(context);
    return status;
  }
  *out = context;
  return 0;
}

// MARK: connections

static int is_numeric(const char *host) {
  cc_address address;
  return cc_address_parse(host, 0, &address) == 0;
}

// Whom the certificate must be for, and who the server is asked to be.
static int expect_host(cc_tls *tls, const char *host) {
  X509_VERIFY_PARAM *wanted = SSL_get0_param(tls->ssl);
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (is_numeric(host)) return X509_VERIFY_PARAM_set1_ip_asc(wanted, host) == 1 ? 0 : cc_tls_memory;
  if (X509_VERIFY_PARAM_set1_host(wanted, host, 0) != 1) return cc_tls_memory;
  return SSL_set_tlsext_host_name(tls->ssl, host) == 1 ? 0 : cc_tls_memory;
}

int cc_tls_open(cc_tls_context *context, int socket, const char *host, cc_tls **out) {
  if ((host == NULL) != (context->is_server != 0)) return -EINVAL;
  if (host != NULL && (host[0] == 0 || strlen(host) >= host_bytes)) return -EINVAL;
  ERR_clear_error();
  cc_tls *tls = calloc(1, sizeof *tls);
  if (tls == NULL) return cc_tls_memory;
  tls->context = context;
  tls->socket = socket;
  tls->ssl = SSL_new(context->ssl);
  BIO *bio = tls->ssl == NULL ? NULL : BIO_new(context->method);
  if (bio == NULL) {
    cc_tls_free(tls);
    return cc_tls_memory;
  }
  BIO_set_data(bio, tls);
  SSL_set_bio(tls->ssl, bio, bio);
  SSL_set_app_data(tls->ssl, tls);
  if (host == NULL) {
    SSL_set_accept_state(tls->ssl);
    *out = tls;
    return 0;
  }
  SSL_set_connect_state(tls->ssl);
  strcpy(tls->host, host);
  int status = expect_host(tls, host);
  const saved_session *saved = find_session(context, host);
  if (status == 0 && saved != NULL && SSL_SESSION_is_resumable(saved->session)) {
    SSL_set_session(tls->ssl, saved->session);
  }
  if (status < 0) {
    cc_tls_free(tls);
    return status;
  }
  *out = tls;
  return 0;
}

void cc_tls_free(cc_tls *tls) {
  // The library would never come back with the session of a connection that was just dropped. Only a broken one is bad.
  if (tls->ssl != NULL && !tls->is_broken && !SSL_in_init(tls->ssl)) {
    SSL_set_shutdown(tls->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }
  SSL_free(tls->ssl);
  free(tls);
}

// Why a call did not succeed.
static int explain(cc_tls *tls, int result) {
  int kind = SSL_get_error(tls->ssl, result);
  if (kind == SSL_ERROR_WANT_READ) return cc_tls_want_read;
  if (kind == SSL_ERROR_WANT_WRITE) return cc_tls_want_write;
  if (kind == SSL_ERROR_ZERO_RETURN) return cc_tls_closed;
  copy_reason(tls->reason);
  tls->is_broken = kind == SSL_ERROR_SSL && ERR_GET_REASON(ERR_peek_last_error()) != SSL_R_UNEXPECTED_EOF_WHILE_READING;
  if (tls->socket_error != 0) return tls->socket_error;
  if (kind == SSL_ERROR_SSL) {
    int reason = ERR_GET_REASON(ERR_peek_last_error());
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) return cc_tls_certificate;
    if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) return cc_tls_truncated;
    if (reason == ERR_R_MALLOC_FAILURE) return cc_tls_memory;
    return cc_tls_protocol;
  }
  return tls->socket_ended ? cc_tls_truncated : cc_tls_protocol;
}

static void begin(cc_tls *tls) {
  ERR_clear_error();
  tls->socket_error = 0;
  tls->reason[0] = 0;
}

int cc_tls_handshake(cc_tls *tls) {
  begin(tls);
  int result = SSL_do_handshake(tls->ssl);
  return result == 1 ? 0 : explain(tls, result);
}

int64_t cc_tls_receive(cc_tls *tls, void *bytes, size_t length) {
  begin(tls);
  size_t got = 0;
  int result = SSL_read_ex(tls->ssl, bytes, length, &got);
  return result == 1 ? (int64_t)got : explain(tls, result);
}

int64_t cc_tls_send(cc_tls *tls, const void *bytes, size_t length) {
  if (length == 0) return 0;
  begin(tls);
  size_t sent = 0;
  int result = SSL_write_ex(tls->ssl, bytes, length, &sent);
  return result == 1 ? (int64_t)sent : explain(tls, result);
}

int cc_tls_finish(cc_tls *tls) {
  begin(tls);
  int result = SSL_shutdown(tls->ssl);
  // 0: sent, and the peer's has not come, which nobody waits for.
  if (result >= 0) return 0;
  int status = explain(tls, result);
  return status == cc_tls_want_read ? 0 : status;
}

int cc_tls_has_pending(const cc_tls *tls) { return SSL_has_pending(tls->ssl); }

int cc_tls_is_resumed(const cc_tls *tls) { return SSL_session_reused(tls->ssl); }

int cc_tls_problem(const cc_tls *tls) {
  switch (SSL_get_verify_result(tls->ssl)) {
    case X509_V_OK: return cc_tls_problem_none;
    case X509_V_ERR_CERT_HAS_EXPIRED: return cc_tls_problem_expired;
    case X509_V_ERR_CERT_NOT_YET_VALID: return cc_tls_problem_not_yet_valid;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return cc_tls_problem_wrong_host;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return cc_tls_problem_self_signed;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: return cc_tls_problem_unknown_authority;
    default: return cc_tls_problem_other;
  }
}

int cc_tls_description(const cc_tls *tls, char *out, size_t capacity) {
  char text[128];
  const char *cipher = SSL_get_cipher_name(tls->ssl);
  BIO_snprintf(text, sizeof text, "%s %s", SSL_get_version(tls->ssl), cipher == NULL ? "" : cipher);
  return put_text(text, out, capacity);
}

int cc_tls_protocol_name(const cc_tls *tls, char *out, size_t capacity) {
  const unsigned char *name = NULL;
  unsigned length = 0;
  SSL_get0_alpn_selected(tls->ssl, &name, &length);
  char text[256] = "";
  if (length > 0) memcpy(text, name, length);
  text[length] = 0;
  return put_text(text, out, capacity);
}

int cc_tls_reason(const cc_tls *tls, char *out, size_t capacity) { return put_text(tls->reason, out, capacity); }
