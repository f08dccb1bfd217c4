// zlib: https://zlib.net/manual.html
#pragma once
#include <zlib.h>

/// deflateInit2 is a macro, which Swift cannot call. Negative window bits select raw deflate without a header.
static inline int caas_deflate_init2(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY);
}
