// libarchive: https://github.com/libarchive/libarchive/wiki
#pragma once
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

/// archive_read_next_header(3) with names as unchanged bytes.
///
/// In a UTF-8 locale libarchive applies Unicode composition (NFC) to names in pax headers, which changes some of them.
/// Where it cannot convert names, as in the C locale, it gives a warning and the unchanged bytes.
static inline int caas_read_next_header_as_bytes(struct archive *archive, struct archive_entry **entry) {
    // glibc's own object, which need not be freed.
    locale_t before = uselocale(newlocale(LC_ALL_MASK, "C", (locale_t)0));
    int result = archive_read_next_header(archive, entry);
    uselocale(before);
    return result;
}
/// Returns true at the start of a zip or 7-Zip archive, whose names have a declared encoding and must be converted.
static inline int caas_converts_names(int descriptor) {
    unsigned char start[6];
    off_t place = lseek(descriptor, 0, SEEK_CUR);
    if (place < 0 || pread(descriptor, start, sizeof start, place) != sizeof start) return 0;
    return memcmp(start, "7z\xBC\xAF\x27\x1C", 6) == 0 || memcmp(start, "PK", 2) == 0;
}
