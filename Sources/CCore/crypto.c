#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "cc_crypto.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/pem.h>

#include "cc_hash.h"
#include "cc_secret.h"

// MARK: HMAC-SHA256

enum { block_bytes = 64, digest_bytes = 32 };

void cc_hmac_prepare(cc_hmac_key *key, const void *secret, size_t length) {
  uint8_t block[block_bytes] = {0};
  if (length > block_bytes) {
    cc_sha256(secret, length, block);
  } else if (length > 0) {
    memcpy(block, secret, length);
  }
  cc_sha256_state s;
  for (int i = 0; i < block_bytes; i++) block[i] ^= 0x36;
  cc_sha256_begin(&s);
  cc_sha256_add(&s, block, block_bytes);
  memcpy(key->inner, s.state, sizeof key->inner);
  for (int i = 0; i < block_bytes; i++) block[i] ^= 0x36 ^ 0x5c;
  cc_sha256_begin(&s);
  cc_sha256_add(&s, block, block_bytes);
  memcpy(key->outer, s.state, sizeof key->outer);
  cc_secret_wipe(block, sizeof block);
  cc_secret_wipe(&s, sizeof s);
}

void cc_hmac_sign(const cc_hmac_key *key, const void *bytes, size_t length, uint8_t *out) {
  uint8_t digest[digest_bytes];
  cc_sha256_state s;
  memcpy(s.state, key->inner, sizeof s.state);
  s.length = block_bytes;
  cc_sha256_add(&s, bytes, length);
  cc_sha256_end(&s, digest);
  memcpy(s.state, key->outer, sizeof s.state);
  s.length = block_bytes;
  cc_sha256_add(&s, digest, digest_bytes);
  cc_sha256_end(&s, out);
  cc_secret_wipe(&s, sizeof s);
}

void cc_hmac_derive(const uint8_t *key, const void *purpose, size_t length, uint8_t *out) {
  cc_hmac_key prepared;
  cc_hmac_prepare(&prepared, key, digest_bytes);
  cc_hmac_sign(&prepared, purpose, length, out);
  cc_secret_wipe(&prepared, sizeof prepared);
}

// MARK: Sealing

// OpenSSL keeps a queue of errors per thread, with nothing secret in it; ours is the one answer.
static int failed(int status) {
  ERR_clear_error();
  return status;
}

int cc_gcm_seal(const uint8_t *key, const uint8_t *nonce, const void *header, size_t header_length, const void *open,
                size_t length, void *sealed, uint8_t *tag) {
  int status = cc_crypto_start();
  if (status < 0) return status;
  if (length > INT_MAX || header_length > INT_MAX) return -EINVAL;
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  if (context == NULL) return failed(-ENOMEM);
  int done = 0, last = 0;
  int fine = EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
             (header_length == 0 || EVP_EncryptUpdate(context, NULL, &done, header, (int)header_length) == 1) &&
             (length == 0 || EVP_EncryptUpdate(context, sealed, &done, open, (int)length) == 1) &&
             EVP_EncryptFinal_ex(context, tag, &last) == 1 && last == 0 &&
             EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, 16, tag) == 1;
  EVP_CIPHER_CTX_free(context);
  return fine ? 0 : failed(-EIO);
}

int cc_gcm_open(const uint8_t *key, const uint8_t *nonce, const void *header, size_t header_length, const void *sealed,
                size_t length, void *open, const uint8_t *tag) {
  int status = cc_crypto_start();
  if (status < 0) return status;
  if (length > INT_MAX || header_length > INT_MAX) return -EINVAL;
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  if (context == NULL) return failed(-ENOMEM);
  uint8_t wanted[16], rest[16];
  memcpy(wanted, tag, sizeof wanted);
  int done = 0, last = 0;
  int fine = EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
             (header_length == 0 || EVP_DecryptUpdate(context, NULL, &done, header, (int)header_length) == 1) &&
             (length == 0 || EVP_DecryptUpdate(context, open, &done, sealed, (int)length) == 1) &&
             EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, 16, wanted) == 1 &&
             EVP_DecryptFinal_ex(context, rest, &last) == 1;
  EVP_CIPHER_CTX_free(context);
  if (fine) return 0;
  // Bytes that were not proved are nobody's to read.
  if (length > 0) cc_secret_wipe(open, length);
  return failed(-EBADMSG);
}

int cc_scrypt(const void *passphrase, size_t length, const void *salt, size_t salt_length, uint64_t n, uint64_t r,
              uint64_t p, uint8_t *out) {
  int status = cc_crypto_start();
  if (status < 0) return status;
  // OpenSSL's own bound is below what the cost we ask for takes.
  uint64_t memory = 128 * n * r + 128 * r * p + (1u << 20);
  return EVP_PBE_scrypt(passphrase, length, salt, salt_length, n, r, p, memory, out, 32) == 1 ? 0 : failed(-ENOMEM);
}

// MARK: Key pairs

enum { rsa_bits_min = 2048, rsa_bits_max = 8192 };

static int kind_of(const EVP_PKEY *key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_ED25519: return cc_key_ed25519;
    case EVP_PKEY_RSA: {
      int bits = EVP_PKEY_get_bits(key);
      return bits >= rsa_bits_min && bits <= rsa_bits_max ? cc_key_rsa : -EINVAL;
    }
    default: return -EINVAL;
  }
}

// Nobody is asked for the passphrase of a key, at a terminal least of all.
static int no_passphrase(char *out, int size, int writes, void *context) {
  (void)out, (void)size, (void)writes, (void)context;
  return -1;
}

typedef EVP_PKEY *(*key_reader)(BIO *, EVP_PKEY **, pem_password_cb *, void *);

static int read_key(const void *pem, size_t length, void **key, key_reader read) {
  int status = cc_crypto_start();
  if (status < 0) return status;
  if (length == 0 || length > 1 << 16) return -EINVAL;
  BIO *bio = BIO_new_mem_buf(pem, (int)length);
  if (bio == NULL) return failed(-ENOMEM);
  EVP_PKEY *found = read(bio, NULL, no_passphrase, NULL);
  BIO_free(bio);
  if (found == NULL) return failed(-EINVAL);
  int kind = kind_of(found);
  if (kind < 0) {
    EVP_PKEY_free(found);
    return failed(kind);
  }
  *key = found;
  return kind;
}

int cc_private_key_read(const void *pem, size_t length, void **key) {
  return read_key(pem, length, key, PEM_read_bio_PrivateKey);
}

int cc_public_key_read(const void *pem, size_t length, void **key) {
  return read_key(pem, length, key, PEM_read_bio_PUBKEY);
}

int cc_private_key_seed(const uint8_t *seed, void **key) {
  int status = cc_crypto_start();
  if (status < 0) return status;
  *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
  return *key != NULL ? cc_key_ed25519 : failed(-EINVAL);
}

int cc_public_key_raw(const uint8_t *bytes, void **key) {
  int status = cc_crypto_start();
  if (status < 0) return status;
  *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, 32);
  return *key != NULL ? cc_key_ed25519 : failed(-EINVAL);
}

void cc_key_free(void *key) { EVP_PKEY_free(key); }

int cc_key_public_raw(const void *key, uint8_t *out) {
  size_t length = 32;
  return EVP_PKEY_get_raw_public_key(key, out, &length) == 1 && length == 32 ? 0 : failed(-EINVAL);
}

int64_t cc_key_public_pem(const void *key, char *out, size_t capacity) {
  BIO *bio = BIO_new(BIO_s_mem());
  if (bio == NULL) return failed(-ENOMEM);
  int64_t status = -EINVAL;
  if (PEM_write_bio_PUBKEY(bio, (EVP_PKEY *)key) == 1) {
    char *text = NULL;
    long length = BIO_get_mem_data(bio, &text);
    status = length >= 0 && (size_t)length <= capacity ? length : -ERANGE;
    if (status >= 0) memcpy(out, text, (size_t)length);
  }
  BIO_free(bio);
  return status < 0 ? failed((int)status) : status;
}

int64_t cc_key_signature_bytes(const void *key) { return EVP_PKEY_get_size(key); }

static const EVP_MD *digest_for(const EVP_PKEY *key) {
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ? EVP_sha256() : NULL;
}

int64_t cc_key_sign(void *key, const void *bytes, size_t length, uint8_t *out, size_t capacity) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  if (context == NULL) return failed(-ENOMEM);
  size_t used = capacity;
  int fine = EVP_DigestSignInit(context, NULL, digest_for(key), NULL, key) == 1 &&
             EVP_DigestSign(context, out, &used, bytes, length) == 1;
  EVP_MD_CTX_free(context);
  return fine ? (int64_t)used : failed(-EIO);
}

int cc_key_verify(void *key, const void *bytes, size_t length, const uint8_t *signature, size_t signature_length) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  if (context == NULL) return failed(-ENOMEM);
  int fine = EVP_DigestVerifyInit(context, NULL, digest_for(key), NULL, key) == 1 &&
             EVP_DigestVerify(context, signature, signature_length, bytes, length) == 1;
  EVP_MD_CTX_free(context);
  return fine ? 0 : failed(-EBADMSG);
}
