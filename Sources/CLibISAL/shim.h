// ISA-L: https://github.com/intel/isa-l
#pragma once
#include <isa-l.h>
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>

/// Room for a stream and what level 1 needs beside it. isal_zstream holds arrays that Swift does not import, so that it
/// is made and used here.
static inline void *caas_isal_new(void) { return malloc(sizeof(struct isal_zstream) + ISAL_DEF_LVL1_DEFAULT); }

/// Compresses one block in one call, which makes its bytes depend on nothing else. It ends on a byte and is never the
/// last of its deflate stream. Returns the number of bytes, 0 where they do not fit.
static inline uint32_t caas_isal_compress(
    void *memory, const void *input, uint32_t input_count, void *output, uint32_t output_count) {
    struct isal_zstream *stream = (struct isal_zstream *)memory;
    isal_deflate_init(stream);
    stream->level = 1;
    stream->level_buf = (uint8_t *)(stream + 1);
    stream->level_buf_size = ISAL_DEF_LVL1_DEFAULT;
    stream->flush = FULL_FLUSH;
    stream->next_in = (uint8_t *)input;
    stream->avail_in = input_count;
    stream->next_out = (uint8_t *)output;
    stream->avail_out = output_count;
    int result = isal_deflate(stream);
    return result == COMP_OK && stream->avail_in == 0 && stream->avail_out > 0 ? stream->total_out : 0;
}
