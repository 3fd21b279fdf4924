// Checksums and digests: CRC-32C (Castagnoli) and SHA-256, by machine instructions where the CPU has them.
#ifndef CC_HASH_H
#define CC_HASH_H

#include <stddef.h>
#include <stdint.h>

/// CRC-32C of `bytes`, continued from `seed` (0 starts a new one). Same values as RFC 3720.
uint32_t cc_crc32c(uint32_t seed, const void *bytes, size_t length);
/// The same, by table: what a CPU without the instructions gets. Tests hold the two against each other.
uint32_t cc_crc32c_portable(uint32_t seed, const void *bytes, size_t length);

/// SHA-256 of `bytes` into the 32 bytes at `out`. No allocation, no state kept.
void cc_sha256(const void *bytes, size_t length, uint8_t *out);

/// An incremental SHA-256, for inputs that do not lie in one piece. Plain bytes: may be copied and wiped.
typedef struct {
  uint32_t state[8];
  uint64_t length;
  uint8_t block[64];
} cc_sha256_state;

void cc_sha256_begin(cc_sha256_state *s);
void cc_sha256_add(cc_sha256_state *s, const void *bytes, size_t length);
/// Writes the 32 bytes of the digest. The state is spent: begin again before adding.
void cc_sha256_end(cc_sha256_state *s, uint8_t *out);
/// The compression of whole 64-byte blocks without machine instructions; `state` has eight words.
void cc_sha256_blocks_portable(uint32_t *state, const uint8_t *bytes, size_t blocks);

/// SHA-1 of `bytes` into the 20 bytes at `out`: for the handshake of WebSocket, which asks for it. Protects nothing.
void cc_sha1(const void *bytes, size_t length, uint8_t *out);

#endif
