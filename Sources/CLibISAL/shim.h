// ISA-L: https://github.com/intel/isa-l
#pragma once
#include <isa-l.h>
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>

/// Returns the size of a level's buffer (levels 0 to 2), which follows the stream in one allocation. Swift does not
/// import isal_zstream's arrays, so the stream is created and used here.
static inline uint32_t caas_isal_level_size(uint32_t level) {
    return level == 0 ? ISAL_DEF_LVL0_DEFAULT : level == 1 ? ISAL_DEF_LVL1_DEFAULT : ISAL_DEF_LVL2_DEFAULT;
}
static inline void *caas_isal_new(uint32_t level) {
    return malloc(sizeof(struct isal_zstream) + caas_isal_level_size(level));
}

/// The bytes at the beginning of a block that are stored uncompressed.
enum { caas_isal_prefix = 8 };

/// Compresses one block in one call, so that its output depends only on the block. The output ends at a byte boundary
/// and is never the last of its deflate stream. Returns the number of bytes, 0 where they do not fit.
///
/// The first bytes form a stored block of their own and serve as history for the rest. Without a history, ISA-L's
/// assembly of levels 1 and 2 (2.30, igzip_icf_body_h1_gr_bt.asm, write_first_byte) hashes an uninitialised register
/// and enters the result into its table. The matches that it finds then depend, rarely, on memory addresses. Level 0
/// does not have this fault (40,000 addresses tried), but is treated like the others.
static inline uint32_t caas_isal_compress(
    void *memory, uint32_t level, const void *input, uint32_t input_count, void *output, uint32_t output_count) {
    struct isal_zstream *stream = (struct isal_zstream *)memory;
    uint8_t *out = (uint8_t *)output;
    uint8_t *in = (uint8_t *)input;
    const uint32_t prefix = input_count < caas_isal_prefix ? input_count : caas_isal_prefix;
    const uint32_t stored = 5 + prefix;
    if (output_count < stored) return 0;
    // A stored block that is not the last: https://www.rfc-editor.org/rfc/rfc1951#section-3.2.4
    const uint8_t header[5] = {0, (uint8_t)prefix, 0, (uint8_t)~prefix, 0xFF};
    memcpy(out, header, 5);
    memcpy(out + 5, in, prefix);
    if (input_count == prefix) return stored;

    isal_deflate_init(stream);
    stream->level = level;
    stream->level_buf = (uint8_t *)(stream + 1);
    stream->level_buf_size = caas_isal_level_size(level);
    stream->flush = FULL_FLUSH;
    if (isal_deflate_set_dict(stream, in, prefix) != COMP_OK) return 0;
    stream->next_in = in + prefix;
    stream->avail_in = input_count - prefix;
    stream->next_out = out + stored;
    stream->avail_out = output_count - stored;
    int result = isal_deflate(stream);
    return result == COMP_OK && stream->avail_in == 0 && stream->avail_out > 0 ? stored + stream->total_out : 0;
}
