// zlib: https://zlib.net/manual.html
#pragma once
#include <zlib.h>

/// deflateInit2 is a macro, which Swift cannot call.
static inline int caas_deflate_init2(z_stream *stream, int level, int window_bits) {
    return deflateInit2(stream, level, Z_DEFLATED, window_bits, 9, Z_DEFAULT_STRATEGY);
}
