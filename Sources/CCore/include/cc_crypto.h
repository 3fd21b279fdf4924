// Signatures and sealing. HMAC-SHA256 is ours (its key is two hash states, and signing neither allocates nor calls the
// kernel); AES-256-GCM, scrypt, Ed25519 and RSA are OpenSSL's.
//
// As in cc_sys.h: a number or 0 on success, a negative errno otherwise. -EBADMSG: what was to be proved is not so.
#ifndef CC_CRYPTO_H
#define CC_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

/// A key as what SHA-256 has made of its two padded forms: as secret as the key itself. Plain bytes: may be wiped.
typedef struct {
  uint32_t inner[8];
  uint32_t outer[8];
} cc_hmac_key;

void cc_hmac_prepare(cc_hmac_key *key, const void *secret, size_t length);
/// HMAC-SHA256 of `bytes` into the 32 bytes at `out`. What was copied of the key is wiped again.
void cc_hmac_sign(const cc_hmac_key *key, const void *bytes, size_t length, uint8_t *out);

/// A 32-byte key for one purpose, made of another and of what names the purpose.
void cc_hmac_derive(const uint8_t *key, const void *purpose, size_t length, uint8_t *out);

/// Gives OpenSSL our memory for everything it allocates: in no dump, wiped when freed, locked as far as the limit goes.
/// Call it before any other use of OpenSSL, TLS included; calling again is free. -EBUSY: OpenSSL has memory of its own
/// already, so that keys must not be handed to it.
int cc_crypto_start(void);

/// What the memory behind OpenSSL has come to.
typedef struct {
  uint64_t mapped_bytes;
  uint64_t locked_bytes;
  uint64_t used_bytes;
} cc_crypto_memory;
void cc_crypto_memory_now(cc_crypto_memory *out);

/// AES-256-GCM. `key` has 32 bytes, `nonce` 12, `tag` 16; what is sealed is as long as what is open.
int cc_gcm_seal(const uint8_t *key, const uint8_t *nonce, const void *header, size_t header_length, const void *open,
                size_t length, void *sealed, uint8_t *tag);
/// -EBADMSG when a bit of it is another one; nothing is left at `open` then.
int cc_gcm_open(const uint8_t *key, const uint8_t *nonce, const void *header, size_t header_length, const void *sealed,
                size_t length, void *open, const uint8_t *tag);
/// The 32 bytes at `out` that scrypt makes of a passphrase; takes 128 * n * r bytes of memory for the time.
int cc_scrypt(const void *passphrase, size_t length, const void *salt, size_t salt_length, uint64_t n, uint64_t r,
              uint64_t p, uint8_t *out);

enum { cc_key_ed25519 = 1, cc_key_rsa = 2 };

/// A private key of PKCS#8 PEM (PKCS#1 of RSA too), never one that wants a passphrase. Returns its kind; what is no such
/// key, another algorithm, or RSA of less than 2048 or more than 8192 bits is -EINVAL.
int cc_private_key_read(const void *pem, size_t length, void **key);
/// An Ed25519 key of its 32 bytes.
int cc_private_key_seed(const uint8_t *seed, void **key);
/// A public key of SubjectPublicKeyInfo PEM. Returns its kind.
int cc_public_key_read(const void *pem, size_t length, void **key);
int cc_public_key_raw(const uint8_t *bytes, void **key);
void cc_key_free(void *key);
/// The 32 bytes of the public half of an Ed25519 key.
int cc_key_public_raw(const void *key, uint8_t *out);
/// The public half as PEM; returns its length.
int64_t cc_key_public_pem(const void *key, char *out, size_t capacity);
/// How long its signatures are.
int64_t cc_key_signature_bytes(const void *key);
/// Ed25519, or RSA PKCS#1 v1.5 with SHA-256; returns the length of the signature.
int64_t cc_key_sign(void *key, const void *bytes, size_t length, uint8_t *out, size_t capacity);
int cc_key_verify(void *key, const void *bytes, size_t length, const uint8_t *signature, size_t signature_length);

#endif
