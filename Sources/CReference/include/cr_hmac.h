// HMAC-SHA256 as OpenSSL offers it: in one call, and with a context that keeps its key.
#ifndef CR_HMAC_H
#define CR_HMAC_H

#include <stddef.h>
#include <stdint.h>

/// `HMAC()`: the key is prepared anew each time. 32 bytes at `out`; 0 on failure.
int cr_hmac_once(const void *key, size_t key_length, const void *bytes, size_t length, uint8_t *out);

/// A context of `EVP_MAC` with its key set; `NULL` on failure.
void *cr_hmac_open(const void *key, size_t key_length);
/// Begins again without a key, which OpenSSL takes for the same one.
int cr_hmac_again(void *context, const void *bytes, size_t length, uint8_t *out);
void cr_hmac_close(void *context);

#endif
