#pragma once
#include <stddef.h>
#include <stdint.h>

/// Adds `blocks` blocks of 64 bytes to each of two to four messages.
void caas_sha256_blocks(uint32_t *const states[], const unsigned char *const bytes[], int count, size_t blocks);
