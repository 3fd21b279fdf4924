#include "cc_hash.h"

#include <stdatomic.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

// What this CPU can do, found once. Racing first callers find the same answer.
enum { known = 1, has_crc = 2, has_sha = 4 };

static unsigned cpu_features(void) {
#if defined(__x86_64__)
  static _Atomic unsigned cached;
  unsigned features = atomic_load_explicit(&cached, memory_order_relaxed);
  if (features != 0) return features;
  features = known;
  unsigned a, b, c, d;
  unsigned leaf1 = 0;
  if (__get_cpuid(1, &a, &b, &c, &d)) leaf1 = c;
  // The folding of several streams multiplies without carries: both bits, or the table.
  if ((leaf1 & bit_SSE4_2) && (leaf1 & bit_PCLMUL)) features |= has_crc;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 29)) && (leaf1 & bit_SSE4_1) && (leaf1 & bit_SSSE3)) {
    features |= has_sha;
  }
  atomic_store_explicit(&cached, features, memory_order_relaxed);
  return features;
#else
  return known;
#endif
}

// MARK: CRC-32C

// Remainders of the sixteen low nibbles: 64 bytes that stay in the cache, for CPUs without the instruction.
static const uint32_t crc_nibbles[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t cc_crc32c_portable(uint32_t seed, const void *bytes, size_t length) {
  const uint8_t *p = bytes;
  uint32_t crc = ~seed;
  for (size_t i = 0; i < length; i++) {
    crc ^= p[i];
    crc = (crc >> 4) ^ crc_nibbles[crc & 15];
    crc = (crc >> 4) ^ crc_nibbles[crc & 15];
  }
  return ~crc;
}

#if defined(__x86_64__)

static inline uint64_t load64(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, sizeof v);
  return v;
}

// What moves a remainder on by so many words: x^(64n-33), n being the words that follow it.
static const uint32_t crc_shifts[65] = {
    0x00000000, 0x00000001, 0x493c7d27, 0xf20c0dfe, 0xba4fc28e, 0x3da6d0cb,
    0xddc0152b, 0x1c291d04, 0x9e4addf8, 0x740eef02, 0x39d3b296, 0x083a6eec,
    0x0715ce53, 0xc49f4f67, 0x47db8317, 0x2ad91c30, 0x0d3b6092, 0x6992cea2,
    0xc96cfdc0, 0x7e908048, 0x878a92a7, 0x1b3d8f29, 0xdaece73e, 0xf1d0f55e,
    0xab7aff2a, 0xa87ab8a8, 0x2162d385, 0x8462d800, 0x83348832, 0x71d111a8,
    0x299847d5, 0xffd852c6, 0xb9e02b86, 0xdcb17aa4, 0x18b33a4e, 0xf37c5aee,
    0xb6dd949b, 0x6051d5a2, 0x78d9ccb7, 0x18b0d4ff, 0xbac2fd7b, 0x21f3d99c,
    0xa60ce07b, 0x8f158014, 0xce7f39f4, 0xa00457f7, 0x61d82e56, 0x8d6d2c43,
    0xd270f1a2, 0x00ac29cf, 0xc619809d, 0xe9adf796, 0x2b3cac5d, 0x96638b34,
    0x65863b64, 0xe0e9f351, 0x1b03397f, 0x9af01f2d, 0xebb883bd, 0x2cff42cf,
    0xb3e32c28, 0x88f25a3a, 0x064f7f26, 0x4e36f0b0, 0xdd7e3b0c,
};
enum { crc_stream_words = 32, crc_stream_from = 96 };

// One instruction takes three cycles and one may start in each, so three streams run at once. Their remainders are
// joined by a carry-less multiplication with the shift: what the CRC instruction then makes of the 64-bit product is the
// remainder moved on.
__attribute__((target("sse4.2,pclmul"))) static inline uint64_t crc_three(uint64_t crc, const uint8_t *p,
                                                                          size_t words) {
  uint64_t first = crc, second = 0, third = 0;
  const size_t stride = words * 8;
#pragma GCC unroll 4
  for (size_t i = 0; i < stride; i += 8) {
    first = _mm_crc32_u64(first, load64(p + i));
    second = _mm_crc32_u64(second, load64(p + stride + i));
    third = _mm_crc32_u64(third, load64(p + 2 * stride + i));
  }
  __m128i moved_first =
      _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)first), _mm_cvtsi32_si128((int)crc_shifts[2 * words]), 0);
  __m128i moved_second =
      _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)second), _mm_cvtsi32_si128((int)crc_shifts[words]), 0);
  uint64_t product = (uint64_t)_mm_cvtsi128_si64(_mm_xor_si128(moved_first, moved_second));
  return third ^ _mm_crc32_u64(0, product);
}

__attribute__((target("sse4.2,pclmul"))) static uint32_t crc_fast(uint32_t seed, const uint8_t *p, size_t length) {
  uint64_t crc = (uint32_t)~seed;
  while (length >= crc_stream_from) {
    const size_t words = length / 24 < crc_stream_words ? length / 24 : crc_stream_words;
    crc = crc_three(crc, p, words);
    p += 24 * words;
    length -= 24 * words;
  }
  for (; length >= 8; p += 8, length -= 8) crc = _mm_crc32_u64(crc, load64(p));
  uint32_t narrow = (uint32_t)crc;
  for (; length > 0; p++, length--) narrow = _mm_crc32_u8(narrow, *p);
  return ~narrow;
}

#endif

uint32_t cc_crc32c(uint32_t seed, const void *bytes, size_t length) {
#if defined(__x86_64__)
  if (cpu_features() & has_crc) return crc_fast(seed, bytes, length);
#endif
  return cc_crc32c_portable(seed, bytes, length);
}

// MARK: SHA-256

static const uint32_t sha_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t rotate(uint32_t v, int by) { return (v >> by) | (v << (32 - by)); }

static inline uint32_t load_big32(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void store_big32(uint8_t *p, uint32_t v) {
  p[0] = (uint8_t)(v >> 24);
  p[1] = (uint8_t)(v >> 16);
  p[2] = (uint8_t)(v >> 8);
  p[3] = (uint8_t)v;
}

void cc_sha256_blocks_portable(uint32_t *state, const uint8_t *p, size_t blocks) {
  for (; blocks > 0; blocks--, p += 64) {
    uint32_t w[64];
    for (int i = 0; i < 16; i++) w[i] = load_big32(p + 4 * i);
    for (int i = 16; i < 64; i++) {
      uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ (w[i - 15] >> 3);
      uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ (w[i - 2] >> 10);
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    uint32_t v[8];
    memcpy(v, state, sizeof v);
    for (int i = 0; i < 64; i++) {
      uint32_t s1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
      uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
      uint32_t t1 = v[7] + s1 + choice + sha_constants[i] + w[i];
      uint32_t s0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
      uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
      memmove(v + 1, v, 7 * sizeof v[0]);
      v[4] += t1;
      v[0] = t1 + s0 + majority;
    }
    for (int i = 0; i < 8; i++) state[i] += v[i];
  }
}

#if defined(__x86_64__)

__attribute__((target("sha,sse4.1,ssse3"))) static void sha_blocks_fast(uint32_t *state, const uint8_t *p,
                                                                        size_t blocks) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  // The instructions want the state as two vectors, (A,B,E,F) and (C,D,G,H), highest word first.
  __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xB1);
  __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1B);
  __m128i abef = _mm_alignr_epi8(low, high, 8);
  __m128i cdgh = _mm_blend_epi16(high, low, 0xF0);

  for (; blocks > 0; blocks--, p += 64) {
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i w[4];
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) {
      __m128i four;
      if (i < 4) {
        four = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(p + 16 * i)), swap);
      } else {
        __m128i latest = w[(i + 3) & 3];
        four = _mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]);
        four = _mm_add_epi32(four, _mm_alignr_epi8(latest, w[(i + 2) & 3], 4));
        four = _mm_sha256msg2_epu32(four, latest);
      }
      w[i & 3] = four;
      __m128i sum = _mm_add_epi32(four, _mm_loadu_si128((const __m128i *)(sha_constants + 4 * i)));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0E));
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }

  low = _mm_shuffle_epi32(abef, 0x1B);
  high = _mm_shuffle_epi32(cdgh, 0xB1);
  _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(low, high, 0xF0));
  _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(high, low, 8));
}

#endif

static void sha_blocks(uint32_t *state, const uint8_t *p, size_t blocks) {
#if defined(__x86_64__)
  if (cpu_features() & has_sha) {
    sha_blocks_fast(state, p, blocks);
    return;
  }
#endif
  cc_sha256_blocks_portable(state, p, blocks);
}

void cc_sha256_begin(cc_sha256_state *s) {
  static const uint32_t start[8] = {
      0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
  };
  memset(s, 0, sizeof *s);
  memcpy(s->state, start, sizeof start);
}

void cc_sha256_add(cc_sha256_state *s, const void *bytes, size_t length) {
  const uint8_t *p = bytes;
  size_t held = s->length & 63;
  s->length += length;
  if (held != 0) {
    size_t taken = 64 - held < length ? 64 - held : length;
    memcpy(s->block + held, p, taken);
    p += taken;
    length -= taken;
    if (held + taken < 64) return;
    sha_blocks(s->state, s->block, 1);
  }
  sha_blocks(s->state, p, length / 64);
  if ((length & 63) != 0) memcpy(s->block, p + (length & ~(size_t)63), length & 63);
}

void cc_sha256_end(cc_sha256_state *s, uint8_t *out) {
  size_t held = s->length & 63;
  uint64_t bits = s->length * 8;
  s->block[held++] = 0x80;
  if (held > 56) {
    memset(s->block + held, 0, 64 - held);
    sha_blocks(s->state, s->block, 1);
    held = 0;
  }
  memset(s->block + held, 0, 56 - held);
  store_big32(s->block + 56, (uint32_t)(bits >> 32));
  store_big32(s->block + 60, (uint32_t)bits);
  sha_blocks(s->state, s->block, 1);
  for (int i = 0; i < 8; i++) store_big32(out + 4 * i, s->state[i]);
}

void cc_sha256(const void *bytes, size_t length, uint8_t *out) {
  cc_sha256_state s;
  cc_sha256_begin(&s);
  cc_sha256_add(&s, bytes, length);
  cc_sha256_end(&s, out);
}
