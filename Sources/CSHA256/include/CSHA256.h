// Several SHA-256 on one core, interleaved: each round waits for the one before, and meanwhile the core has room for another
// message. Two to four together take 55 to 65 % of the time that they take one after the other.
//
// libcrypto hashes everything that cannot be interleaved, and everything on processors without the SHA instructions.
#pragma once
#include <stddef.h>
#include <openssl/sha.h>

enum { caas_sha256_most_lanes = 4 };

/// A message on its way, and the bytes of it that come next.
struct caas_sha256_lane {
    SHA256_CTX hash;
    const unsigned char *bytes;
    size_t length;
};

/// True where this processor can compute SHA-256 by itself.
int caas_sha256_has_instructions(void);
void caas_sha256_start(struct caas_sha256_lane *lane);
/// Adds to each message the bytes that come next, of which none are left then.
void caas_sha256_update(struct caas_sha256_lane *lanes, int count);
/// Writes the 32 bytes of the digest.
void caas_sha256_finish(struct caas_sha256_lane *lane, unsigned char *digest);
