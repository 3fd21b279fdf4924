// Hashes of layouts: programs that were built with another header than the engine's find out before they read anything.
#ifndef CC_LAYOUT_H
#define CC_LAYOUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CC_LAYOUT_SEED 0xcbf29ce484222325ull

/// FNV-1a.
static inline uint64_t cc_layout_bytes(uint64_t hash, const void *bytes, size_t length) {
  const uint8_t *p = bytes;
  for (size_t i = 0; i < length; i++) hash = (hash ^ p[i]) * 0x100000001b3ull;
  return hash;
}

/// The NUL is hashed too: it keeps neighbours apart.
static inline uint64_t cc_layout_field(uint64_t hash, const char *name, size_t offset, size_t size, const char *unit) {
  uint64_t numbers[2] = {offset, size};
  hash = cc_layout_bytes(hash, name, strlen(name) + 1);
  hash = cc_layout_bytes(hash, numbers, sizeof numbers);
  return cc_layout_bytes(hash, unit, strlen(unit) + 1);
}

#endif
