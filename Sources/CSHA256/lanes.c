// The hash state is libcrypto's SHA256_CTX, which alone gives access to whole blocks; 3.0 deprecates it but keeps it.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "CSHA256.h"
#include "blocks.h"

#define BLOCK 64

void caas_sha256_start(struct caas_sha256_lane *lane) {
    SHA256_Init(&lane->hash);
    lane->length = 0;
}

static void advance(struct caas_sha256_lane *lane, size_t blocks) {
    size_t count = blocks * BLOCK;
    unsigned long long bits = ((unsigned long long)lane->hash.Nh << 32 | lane->hash.Nl) + count * 8ULL;
    lane->hash.Nl = (SHA_LONG)bits;
    lane->hash.Nh = (SHA_LONG)(bits >> 32);
    lane->bytes += count;
    lane->length -= count;
}

/// Hashes as many whole blocks as every lane with input has; returns false where fewer than two lanes have any.
static int update_side_by_side(struct caas_sha256_lane *lanes, int count) {
    struct caas_sha256_lane *busy[caas_sha256_most_lanes];
    uint32_t *states[caas_sha256_most_lanes];
    const unsigned char *bytes[caas_sha256_most_lanes];
    size_t blocks = (size_t)-1;
    int number = 0;
    for (int i = 0; i < count && number < caas_sha256_most_lanes; i++) {
        struct caas_sha256_lane *lane = &lanes[i];
        size_t whole = lane->hash.num == 0 ? lane->length / BLOCK : 0;
        if (whole == 0) continue;
        if (whole < blocks) blocks = whole;
        states[number] = lane->hash.h;
        bytes[number] = lane->bytes;
        busy[number++] = lane;
    }
    if (number < 2) return 0;
    caas_sha256_blocks(states, bytes, number, blocks);
    for (int i = 0; i < number; i++) advance(busy[i], blocks);
    return 1;
}

void caas_sha256_update(struct caas_sha256_lane *lanes, int count) {
    if (caas_sha256_has_instructions())
        while (update_side_by_side(lanes, count)) {}
    for (int i = 0; i < count; i++) {
        if (lanes[i].length == 0) continue;
        SHA256_Update(&lanes[i].hash, lanes[i].bytes, lanes[i].length);
        lanes[i].length = 0;
    }
}

void caas_sha256_finish(struct caas_sha256_lane *lane, unsigned char *digest) { SHA256_Final(digest, &lane->hash); }
