#define _GNU_SOURCE
#include "cr_echo.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

enum { echo_bytes = 1 << 16 };

struct echo {
  int socket;
  SSL_CTX *context;
  SSL *tls;
  uint8_t buffer[echo_bytes];
};

static int open_tls(struct echo *echo, uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int one = 1;
  echo->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (echo->socket < 0 || connect(echo->socket, (struct sockaddr *)&address, sizeof address) != 0) return 0;
  if (setsockopt(echo->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0) return 0;
  echo->context = SSL_CTX_new(TLS_client_method());
  if (echo->context == NULL) return 0;
  SSL_CTX_set_verify(echo->context, SSL_VERIFY_NONE, NULL);
  echo->tls = SSL_new(echo->context);
  if (echo->tls == NULL || SSL_set_fd(echo->tls, echo->socket) != 1 || SSL_connect(echo->tls) != 1) return 0;
  return fcntl(echo->socket, F_SETFL, O_NONBLOCK) == 0;
}

void *cr_echo_open(uint16_t port) {
  struct echo *echo = calloc(1, sizeof *echo);
  if (echo == NULL) return NULL;
  echo->socket = -1;
  if (open_tls(echo, port)) return echo;
  cr_echo_close(echo);
  return NULL;
}

static int wants(SSL *tls, int result) {
  int error = SSL_get_error(tls, result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

int cr_echo_run(void *handle, size_t in, size_t out, uint64_t rounds) {
  struct echo *echo = handle;
  if (in == 0 || out == 0 || in > echo_bytes || out > echo_bytes) return 0;
  for (uint64_t round = 0; round < rounds; round++) {
    for (size_t read = 0; read < in;) {
      int result = SSL_read(echo->tls, echo->buffer + read, (int)(in - read));
      if (result <= 0 && !wants(echo->tls, result)) return 0;
      if (result > 0) read += (size_t)result;
    }
    for (;;) {
      int result = SSL_write(echo->tls, echo->buffer, (int)out);
      if (result == (int)out) break;
      if (!wants(echo->tls, result)) return 0;
    }
  }
  return 1;
}

void cr_echo_close(void *handle) {
  struct echo *echo = handle;
  if (echo == NULL) return;
  SSL_free(echo->tls);
  SSL_CTX_free(echo->context);
  if (echo->socket >= 0) close(echo->socket);
  free(echo);
}
