#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "cc_tls.h"
#include "cc_crypto.h"

static int add_extension(X509 *certificate, X509 *issuer, int kind, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
  if (extension == NULL) return 0;
  int is_added = X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  return is_added;
}

static int set_number(X509 *certificate) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return 0;
  // Positive, and never shorter.
  bytes[0] = (unsigned char)((bytes[0] & 0x7f) | 0x40);
  BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
  if (number == NULL) return 0;
  int is_set = BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
  BN_free(number);
  return is_set;
}

static int set_name(X509 *certificate, const char *text) {
  X509_NAME *name = X509_get_subject_name(certificate);
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0);
}

static int set_extensions(X509 *certificate, X509 *issuer, const cc_tls_plan *plan) {
  const char *constraints = plan->is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE";
  const char *usage = plan->is_authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature";
  if (!add_extension(certificate, issuer, NID_basic_constraints, constraints)) return 0;
  if (!add_extension(certificate, issuer, NID_key_usage, usage)) return 0;
  if (!add_extension(certificate, issuer, NID_subject_key_identifier, "hash")) return 0;
  if (issuer != certificate && !add_extension(certificate, issuer, NID_authority_key_identifier, "keyid")) return 0;
  if (!plan->is_authority && !add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth")) return 0;
  return plan->hosts == NULL || add_extension(certificate, issuer, NID_subject_alt_name, plan->hosts);
}

// Fills a certificate that is empty.
static int fill(
    X509 *certificate, EVP_PKEY *key, const cc_tls_plan *plan, X509 *issuer, EVP_PKEY *issuer_key) {
  if (!X509_set_version(certificate, X509_VERSION_3) || !set_number(certificate) || !set_name(certificate, plan->name)) {
    return 0;
  }
  if (!ASN1_TIME_set(X509_getm_notBefore(certificate), plan->not_before) ||
      !ASN1_TIME_set(X509_getm_notAfter(certificate), plan->not_after)) {
    return 0;
  }
  if (!X509_set_pubkey(certificate, key) || !X509_set_issuer_name(certificate, X509_get_subject_name(issuer))) return 0;
  return set_extensions(certificate, issuer, plan) && X509_sign(certificate, issuer_key, EVP_sha256()) > 0;
}

static int take(BIO *bio, cc_tls_text *out) {
  char *bytes = NULL;
  long length = BIO_get_mem_data(bio, &bytes);
  if (length < 0) return cc_tls_memory;
  if ((size_t)length > out->capacity) return -ENOSPC;
  memcpy(out->bytes, bytes, (size_t)length);
  out->length = (size_t)length;
  return 0;
}

static int write_texts(X509 *certificate, EVP_PKEY *key, cc_tls_text *certificate_out, cc_tls_text *key_out) {
  BIO *first = BIO_new(BIO_s_mem());
  // Memory that is wiped when it goes.
  BIO *second = BIO_new(BIO_s_secmem());
  int status = cc_tls_memory;
  if (first != NULL && second != NULL && PEM_write_bio_X509(first, certificate) == 1 &&
      PEM_write_bio_PrivateKey(second, key, NULL, NULL, 0, NULL, NULL) == 1) {
    status = take(first, certificate_out);
    if (status == 0) status = take(second, key_out);
  }
  BIO_free(first);
  BIO_free(second);
  return status;
}

int cc_tls_make_certificate(
    const cc_tls_plan *plan, const cc_tls_text *issuer, const cc_tls_text *issuer_key, cc_tls_text *certificate_out,
    cc_tls_text *key_out) {
  (void)cc_crypto_start();
  ERR_clear_error();
  int status = cc_tls_memory;
  X509 *certificate = X509_new();
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *above = NULL;
  EVP_PKEY *above_key = NULL;
  if (issuer != NULL) {
    BIO *first = BIO_new_mem_buf(issuer->bytes, (int)issuer->length);
    BIO *second = BIO_new_mem_buf(issuer_key->bytes, (int)issuer_key->length);
    if (first != NULL) above = PEM_read_bio_X509(first, NULL, NULL, NULL);
    if (second != NULL) above_key = PEM_read_bio_PrivateKey(second, NULL, NULL, "");
    BIO_free(first);
    BIO_free(second);
    if (above == NULL || above_key == NULL) status = cc_tls_file;
  }
  if (certificate != NULL && key != NULL && status != cc_tls_file &&
      fill(certificate, key, plan, above == NULL ? certificate : above, above_key == NULL ? key : above_key)) {
    status = write_texts(certificate, key, certificate_out, key_out);
  }
  X509_free(certificate);
  X509_free(above);
  EVP_PKEY_free(key);
  EVP_PKEY_free(above_key);
  return status;
}
