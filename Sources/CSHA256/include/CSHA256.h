// Several SHA-256 computations interleaved on one core: each round waits for the previous one, which leaves the core
// time for another message. Two to four together take 55 to 65 % of the time that they take one after the other.
//
// libcrypto hashes everything that cannot be interleaved, and everything on processors without the SHA instructions.
#pragma once
#include <stddef.h>
#include <openssl/sha.h>

enum { caas_sha256_most_lanes = 4 };

/// A message being hashed, and its next bytes.
struct caas_sha256_lane {
    SHA256_CTX hash;
    const unsigned char *bytes;
    size_t length;
};

/// Returns true where this processor has instructions for SHA-256.
int caas_sha256_has_instructions(void);
void caas_sha256_start(struct caas_sha256_lane *lane);
/// Adds each message's next bytes; afterwards no lane has any left.
void caas_sha256_update(struct caas_sha256_lane *lanes, int count);
/// Writes the 32 bytes of the digest.
void caas_sha256_finish(struct caas_sha256_lane *lane, unsigned char *digest);
