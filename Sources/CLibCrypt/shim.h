// libxcrypt: https://manpages.debian.org/bookworm/libcrypt-dev/crypt.3.en.html
#pragma once
#include <crypt.h>
#include <stdlib.h>
#include <string.h>

/// Writes the 60 characters of a password's bcrypt hash, `$2b$…`; returns 0 where the library cannot compute one.
static inline int caas_bcrypt(const char *password, unsigned long cost, const char salt[16], char hash[64]) {
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    struct crypt_data *data = calloc(1, sizeof *data);
    if (!data) return 0;
    char *made = crypt_gensalt_rn("$2b$", cost, salt, 16, setting, sizeof setting)
        ? crypt_r(password, setting, data) : NULL;
    int done = made && made[0] == '$' && strlen(made) < 64;
    if (done) strcpy(hash, made);
    free(data);
    return done;
}
