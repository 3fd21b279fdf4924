#include "cr_hmac.h"

#include <limits.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

int cr_hmac_once(const void *key, size_t key_length, const void *bytes, size_t length, uint8_t *out) {
  unsigned used = 0;
  if (key_length > INT_MAX) return 0;
  return HMAC(EVP_sha256(), key, (int)key_length, bytes, length, out, &used) != NULL && used == 32;
}

void *cr_hmac_open(const void *key, size_t key_length) {
  EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
  if (mac == NULL) return NULL;
  EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
  EVP_MAC_free(mac);
  char digest[] = "SHA256";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end(),
  };
  if (context != NULL && EVP_MAC_init(context, key, key_length, parameters) == 1) return context;
  EVP_MAC_CTX_free(context);
  return NULL;
}

int cr_hmac_again(void *context, const void *bytes, size_t length, uint8_t *out) {
  size_t used = 0;
  return EVP_MAC_init(context, NULL, 0, NULL) == 1 && EVP_MAC_update(context, bytes, length) == 1 &&
         EVP_MAC_final(context, out, &used, 32) == 1 && used == 32;
}

void cr_hmac_close(void *context) { EVP_MAC_CTX_free(context); }
