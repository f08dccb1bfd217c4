#include "blocks.h"
#include "CSHA256.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

// FIPS 180-4, section 4.2.2. https://csrc.nist.gov/pubs/fips/180-4/upd1/final
static const uint32_t constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static int hasInstructions;

// Detected once: in a virtual machine CPUID traps to the host, which costs as much as hashing some kilobytes.
__attribute__((constructor)) static void ask(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1)) return;
    hasInstructions = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA) != 0;
}

int caas_sha256_has_instructions(void) { return hasInstructions; }

// The instructions expect the eight words of the state as A B E F and C D G H, the first in the highest position.
// https://www.intel.com/content/www/us/en/developer/articles/technical/intel-sha-extensions.html
//
// `count` is a constant in each caller, so that every loop over lanes is unrolled and every word stays in a register.
__attribute__((always_inline, target("sha,sse4.1,ssse3"))) static inline void interleave(
    uint32_t *const states[], const unsigned char *const bytes[], const int count, size_t blocks) {
    const __m128i bigEndian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i abef[4], cdgh[4];
    const unsigned char *next[4];
    for (int l = 0; l < count; l++) {
        __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)states[l]), 0xb1);
        __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(states[l] + 4)), 0x1b);
        abef[l] = _mm_alignr_epi8(low, high, 8);
        cdgh[l] = _mm_blend_epi16(high, low, 0xf0);
        next[l] = bytes[l];
    }
    while (blocks-- > 0) {
        __m128i abefBefore[4], cdghBefore[4], words[4][4];
        for (int l = 0; l < count; l++) {
            abefBefore[l] = abef[l];
            cdghBefore[l] = cdgh[l];
            for (int i = 0; i < 4; i++)
                words[l][i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(next[l] + 16 * i)), bigEndian);
            next[l] += 64;
        }
#pragma clang loop unroll(full)
        for (int step = 0; step < 16; step++) {
            const __m128i constant = _mm_load_si128((const __m128i *)(constants + 4 * step));
            for (int l = 0; l < count; l++) {
                // Computes four words of the message schedule from the sixteen before them.
                if (step >= 4) {
                    __m128i sum = _mm_sha256msg1_epu32(words[l][step & 3], words[l][(step + 1) & 3]);
                    sum = _mm_add_epi32(sum, _mm_alignr_epi8(words[l][(step + 3) & 3], words[l][(step + 2) & 3], 4));
                    words[l][step & 3] = _mm_sha256msg2_epu32(sum, words[l][(step + 3) & 3]);
                }
                __m128i input = _mm_add_epi32(words[l][step & 3], constant);
                cdgh[l] = _mm_sha256rnds2_epu32(cdgh[l], abef[l], input);
                abef[l] = _mm_sha256rnds2_epu32(abef[l], cdgh[l], _mm_shuffle_epi32(input, 0x0e));
            }
        }
        for (int l = 0; l < count; l++) {
            abef[l] = _mm_add_epi32(abef[l], abefBefore[l]);
            cdgh[l] = _mm_add_epi32(cdgh[l], cdghBefore[l]);
        }
    }
    for (int l = 0; l < count; l++) {
        __m128i low = _mm_shuffle_epi32(abef[l], 0x1b), high = _mm_shuffle_epi32(cdgh[l], 0xb1);
        _mm_storeu_si128((__m128i *)states[l], _mm_blend_epi16(low, high, 0xf0));
        _mm_storeu_si128((__m128i *)(states[l] + 4), _mm_alignr_epi8(high, low, 8));
    }
}

__attribute__((target("sha,sse4.1,ssse3"))) void caas_sha256_blocks(
    uint32_t *const states[], const unsigned char *const bytes[], int count, size_t blocks) {
    switch (count) {
    case 2: interleave(states, bytes, 2, blocks); break;
    case 3: interleave(states, bytes, 3, blocks); break;
    case 4: interleave(states, bytes, 4, blocks); break;
    }
}

#else

int caas_sha256_has_instructions(void) { return 0; }
void caas_sha256_blocks(uint32_t *const states[], const unsigned char *const bytes[], int count, size_t blocks) {
    (void)states, (void)bytes, (void)count, (void)blocks;
}

#endif
