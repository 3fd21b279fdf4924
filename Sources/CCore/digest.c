#include "cc_digest.h"

#include <stdatomic.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

// A row, filled up with zeros to 64 bytes, is hashed in four lanes of 16, each block by two rounds of AES:
// `lane = round(round(lane) ^ block) ^ key`. A round is bijective, so a block that differs makes a lane that differs, and
// in the end a hash that differs. With one round alone a bit here could look like a bit in the block behind it. The place
// is where the lanes begin, so that equal rows at two places are two values.

static const uint64_t lane_seeds[8] = {
    0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89,
    0x452821e638d01377, 0xbe5466cf34e90c6c, 0xc0ac29b7c97c50dd, 0x3f84d5b5b5470917,
};
enum { lane_count = 4, block_bytes = 16, all_bytes = lane_count * block_bytes, touched = 1 };

typedef struct {
  uint64_t low;
  uint64_t high;
  uint64_t any;
} row_hash;

/// Upper 63 bits of the hash; 0 for zeros and for nothing else.
static inline uint64_t mark_of(const row_hash *hash) {
  if (hash->any == 0) return 0;
  uint64_t mark = hash->low & ~(uint64_t)touched;
  return mark != 0 ? mark : 2;
}

// MARK: Without instructions

static const uint8_t aes_box[256] = {
    0x63, 0x7c, 0x77, 0x7b, 0xf2, 0x6b, 0x6f, 0xc5, 0x30, 0x01, 0x67, 0x2b, 0xfe, 0xd7, 0xab, 0x76,
    0xca, 0x82, 0xc9, 0x7d, 0xfa, 0x59, 0x47, 0xf0, 0xad, 0xd4, 0xa2, 0xaf, 0x9c, 0xa4, 0x72, 0xc0,
    0xb7, 0xfd, 0x93, 0x26, 0x36, 0x3f, 0xf7, 0xcc, 0x34, 0xa5, 0xe5, 0xf1, 0x71, 0xd8, 0x31, 0x15,
    0x04, 0xc7, 0x23, 0xc3, 0x18, 0x96, 0x05, 0x9a, 0x07, 0x12, 0x80, 0xe2, 0xeb, 0x27, 0xb2, 0x75,
    0x09, 0x83, 0x2c, 0x1a, 0x1b, 0x6e, 0x5a, 0xa0, 0x52, 0x3b, 0xd6, 0xb3, 0x29, 0xe3, 0x2f, 0x84,
    0x53, 0xd1, 0x00, 0xed, 0x20, 0xfc, 0xb1, 0x5b, 0x6a, 0xcb, 0xbe, 0x39, 0x4a, 0x4c, 0x58, 0xcf,
    0xd0, 0xef, 0xaa, 0xfb, 0x43, 0x4d, 0x33, 0x85, 0x45, 0xf9, 0x02, 0x7f, 0x50, 0x3c, 0x9f, 0xa8,
    0x51, 0xa3, 0x40, 0x8f, 0x92, 0x9d, 0x38, 0xf5, 0xbc, 0xb6, 0xda, 0x21, 0x10, 0xff, 0xf3, 0xd2,
    0xcd, 0x0c, 0x13, 0xec, 0x5f, 0x97, 0x44, 0x17, 0xc4, 0xa7, 0x7e, 0x3d, 0x64, 0x5d, 0x19, 0x73,
    0x60, 0x81, 0x4f, 0xdc, 0x22, 0x2a, 0x90, 0x88, 0x46, 0xee, 0xb8, 0x14, 0xde, 0x5e, 0x0b, 0xdb,
    0xe0, 0x32, 0x3a, 0x0a, 0x49, 0x06, 0x24, 0x5c, 0xc2, 0xd3, 0xac, 0x62, 0x91, 0x95, 0xe4, 0x79,
    0xe7, 0xc8, 0x37, 0x6d, 0x8d, 0xd5, 0x4e, 0xa9, 0x6c, 0x56, 0xf4, 0xea, 0x65, 0x7a, 0xae, 0x08,
    0xba, 0x78, 0x25, 0x2e, 0x1c, 0xa6, 0xb4, 0xc6, 0xe8, 0xdd, 0x74, 0x1f, 0x4b, 0xbd, 0x8b, 0x8a,
    0x70, 0x3e, 0xb5, 0x66, 0x48, 0x03, 0xf6, 0x0e, 0x61, 0x35, 0x57, 0xb9, 0x86, 0xc1, 0x1d, 0x9e,
    0xe1, 0xf8, 0x98, 0x11, 0x69, 0xd9, 0x8e, 0x94, 0x9b, 0x1e, 0x87, 0xe9, 0xce, 0x55, 0x28, 0xdf,
    0x8c, 0xa1, 0x89, 0x0d, 0xbf, 0xe6, 0x42, 0x68, 0x41, 0x99, 0x2d, 0x0f, 0xb0, 0x54, 0xbb, 0x16,
};

static inline uint8_t doubled(uint8_t v) { return (uint8_t)(v << 1 ^ (v >> 7) * 0x1b); }

/// One round of AES on `lane`, then the block: what the instruction does.
static void round_portable(uint8_t lane[block_bytes], const uint8_t block[block_bytes]) {
  uint8_t s[block_bytes];
  for (int column = 0; column < 4; column++) {
    for (int row = 0; row < 4; row++) s[4 * column + row] = aes_box[lane[4 * ((column + row) & 3) + row]];
  }
  for (int at = 0; at < block_bytes; at += 4) {
    const uint8_t all = s[at] ^ s[at + 1] ^ s[at + 2] ^ s[at + 3];
    for (int row = 0; row < 4; row++) {
      const uint8_t mixed = s[at + row] ^ all ^ doubled(s[at + row] ^ s[at + ((row + 1) & 3)]);
      lane[at + row] = mixed ^ block[at + row];
    }
  }
}

static row_hash hash_portable(const uint8_t *p, uint64_t place, uint64_t bytes) {
  uint8_t lanes[lane_count][block_bytes], block[block_bytes];
  for (int i = 0; i < lane_count; i++) {
    const uint64_t seed[2] = {lane_seeds[2 * i] ^ place, lane_seeds[2 * i + 1] + place};
    memcpy(lanes[i], seed, block_bytes);
  }
  row_hash hash = {0, 0, 0};
  const uint64_t padded = (bytes + all_bytes - 1) / all_bytes * all_bytes;
  for (uint64_t at = 0, i = 0; at < padded; at += block_bytes, i = (i + 1) % lane_count) {
    const uint64_t left = at < bytes ? bytes - at : 0;
    memset(block, 0, block_bytes);
    memcpy(block, p + at, left < block_bytes ? left : block_bytes);
    for (int b = 0; b < block_bytes; b++) hash.any |= block[b];
    round_portable(lanes[i], block);
    round_portable(lanes[i], (const uint8_t *)(lane_seeds + 2 * i));
  }
  for (int i = 1; i < lane_count; i++) round_portable(lanes[0], lanes[i]);
  for (int i = 0; i < 2; i++) round_portable(lanes[0], (const uint8_t *)(lane_seeds + 2 * i));
  memcpy(&hash.low, lanes[0], 8);
  memcpy(&hash.high, lanes[0] + 8, 8);
  return hash;
}

cc_digest_sum cc_digest_rows_portable(const cc_touched_row *rows, size_t count) {
  cc_digest_sum sum = {0, 0};
  for (size_t i = 0; i < count; i++) {
    const row_hash hash = hash_portable(rows[i].row, rows[i].place, rows[i].bytes);
    const uint64_t mark = mark_of(&hash);
    if (mark != (*rows[i].mark & ~(uint64_t)touched)) {
      sum.low += hash.low;
      sum.high += hash.high;
    }
    *rows[i].mark = mark;
  }
  return sum;
}

// MARK: With instructions

#if defined(__x86_64__)

enum { known = 1, has_aes = 2, has_wide_aes = 4 };

static unsigned aes_features(void) {
  // Found once; racing first callers find the same answer.
  static _Atomic unsigned cached;
  unsigned features = atomic_load_explicit(&cached, memory_order_relaxed);
  if (features != 0) return features;
  features = known;
  if (__builtin_cpu_supports("aes") && __builtin_cpu_supports("sse4.1")) features |= has_aes;
  if (__builtin_cpu_supports("vaes") && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) {
    features |= has_wide_aes;
  }
  atomic_store_explicit(&cached, features, memory_order_relaxed);
  return features;
}

/// Joins the lanes; two rounds more mix what stood in the last one.
__attribute__((target("aes,sse4.1"))) static inline row_hash joined(__m128i a, __m128i b, __m128i c, __m128i d,
                                                                    uint64_t any) {
  const __m128i *seeds = (const __m128i *)lane_seeds;
  a = _mm_aesenc_si128(_mm_aesenc_si128(_mm_aesenc_si128(a, b), c), d);
  a = _mm_aesenc_si128(_mm_aesenc_si128(a, _mm_loadu_si128(seeds)), _mm_loadu_si128(seeds + 1));
  return (row_hash){(uint64_t)_mm_cvtsi128_si64(a), (uint64_t)_mm_extract_epi64(a, 1), any};
}

/// Adds a row to the sum if it has changed. Nearly always it has: a mask costs less than a branch that is wrong.
static inline void enter(cc_digest_sum *sum, const cc_touched_row *row, row_hash hash) {
  const uint64_t mark = mark_of(&hash);
  const uint64_t changed = 0 - (uint64_t)(mark != (*row->mark & ~(uint64_t)touched));
  sum->low += hash.low & changed;
  sum->high += hash.high & changed;
  *row->mark = mark;
}

__attribute__((target("aes,sse4.1"))) static row_hash hash_fast(const uint8_t *p, uint64_t place, uint64_t bytes) {
  const __m128i *seeds = (const __m128i *)lane_seeds;
  const __m128i xored = _mm_set_epi64x(0, (int64_t)place), added = _mm_set_epi64x((int64_t)place, 0);
  __m128i lane[lane_count], any = _mm_setzero_si128();
#pragma GCC unroll 4
  for (int i = 0; i < lane_count; i++) {
    lane[i] = _mm_add_epi64(_mm_xor_si128(_mm_loadu_si128(seeds + i), xored), added);
  }
  for (uint64_t left = bytes; left > 0; left = left > all_bytes ? left - all_bytes : 0, p += all_bytes) {
    uint8_t last[all_bytes];
    const uint8_t *block = p;
    if (left < all_bytes) {
      memset(last, 0, all_bytes);
      memcpy(last, p, left);
      block = last;
    }
#pragma GCC unroll 4
    for (int i = 0; i < lane_count; i++) {
      const __m128i part = _mm_loadu_si128((const __m128i *)block + i);
      any = _mm_or_si128(any, part);
      lane[i] = _mm_aesenc_si128(_mm_aesenc_si128(lane[i], part), _mm_loadu_si128(seeds + i));
    }
  }
  return joined(lane[0], lane[1], lane[2], lane[3], (uint64_t)!_mm_testz_si128(any, any));
}

static cc_digest_sum digest_fast(const cc_touched_row *rows, size_t count) {
  cc_digest_sum sum = {0, 0};
  for (size_t i = 0; i < count; i++) enter(&sum, rows + i, hash_fast(rows[i].row, rows[i].place, rows[i].bytes));
  return sum;
}

/// All four lanes in one register.
__attribute__((target("vaes,avx512f,avx512dq,aes,sse4.1"))) static cc_digest_sum digest_wide(
    const cc_touched_row *rows, size_t count) {
  cc_digest_sum sum = {0, 0};
  const __m512i seeds = _mm512_loadu_si512(lane_seeds);
  for (size_t i = 0; i < count; i++) {
    const uint8_t *p = rows[i].row;
    const __m512i place = _mm512_set1_epi64((int64_t)rows[i].place);
    __m512i lanes = _mm512_mask_xor_epi64(seeds, 0x55, seeds, place), any = _mm512_setzero_si512();
    lanes = _mm512_mask_add_epi64(lanes, 0xAA, lanes, place);
    uint64_t left = rows[i].bytes;
    for (; left >= all_bytes; left -= all_bytes, p += all_bytes) {
      const __m512i block = _mm512_loadu_si512(p);
      any = _mm512_or_si512(any, block);
      lanes = _mm512_aesenc_epi128(_mm512_aesenc_epi128(lanes, block), seeds);
    }
    if (left > 0) {
      const __m512i block = _mm512_maskz_loadu_epi64((__mmask8)((1u << (left / 8)) - 1), p);
      any = _mm512_or_si512(any, block);
      lanes = _mm512_aesenc_epi128(_mm512_aesenc_epi128(lanes, block), seeds);
    }
    enter(&sum, rows + i,
          joined(_mm512_castsi512_si128(lanes), _mm512_extracti64x2_epi64(lanes, 1),
                 _mm512_extracti64x2_epi64(lanes, 2), _mm512_extracti64x2_epi64(lanes, 3),
                 _mm512_test_epi64_mask(any, any)));
  }
  return sum;
}

#endif

cc_digest_sum cc_digest_rows(const cc_touched_row *rows, size_t count) {
#if defined(__x86_64__)
  const unsigned features = aes_features();
  if (features & has_wide_aes) return digest_wide(rows, count);
  if (features & has_aes) return digest_fast(rows, count);
#endif
  return cc_digest_rows_portable(rows, count);
}

cc_digest_sum cc_digest_rows_narrow(const cc_touched_row *rows, size_t count) {
#if defined(__x86_64__)
  if (aes_features() & has_aes) return digest_fast(rows, count);
#endif
  return cc_digest_rows_portable(rows, count);
}

uint64_t cc_digest_mark(const void *row, uint64_t place, uint64_t bytes) {
#if defined(__x86_64__)
  if (aes_features() & has_aes) {
    const row_hash hash = hash_fast(row, place, bytes);
    return mark_of(&hash);
  }
#endif
  const row_hash hash = hash_portable(row, place, bytes);
  return mark_of(&hash);
}
