// libcurl: https://curl.se/libcurl/c/
#pragma once
#include <curl/curl.h>
#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <string.h>

// curl_easy_setopt, curl_easy_getinfo and curl_multi_setopt are variadic, so Swift cannot call them; here is one
// function for each type of argument. https://curl.se/libcurl/c/curl_easy_setopt.html

static inline CURLcode caas_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode caas_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode caas_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode caas_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode caas_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}
/// Sets an option to bytes, which libcurl copies.
static inline CURLcode caas_curl_set_blob(CURL *handle, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
    return curl_easy_setopt(handle, option, &blob);
}
typedef size_t (*caas_curl_data_callback)(char *data, size_t size, size_t count, void *context);
static inline CURLcode caas_curl_set_data_callback(CURL *handle, CURLoption option, caas_curl_data_callback value) {
    return curl_easy_setopt(handle, option, value);
}
/// Returns true for addresses of this machine and of its link, where clouds serve secrets: 127/8, 0/8, 169.254/16, ::1,
/// ::, fe80::/10, and IPv4 addresses among these in IPv6 form. Also true for text that is not an address.
static inline int caas_is_own_address(const char *text) {
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};
    static const unsigned char zeros[15] = {0};
    unsigned char bytes[16];
    const unsigned char *four = bytes;
    if (inet_pton(AF_INET, text, bytes) != 1) {
        if (inet_pton(AF_INET6, text, bytes) != 1) return 1;
        if (bytes[0] == 0xFE && (bytes[1] & 0xC0) == 0x80) return 1;
        if (memcmp(bytes, zeros, 15) == 0 && bytes[15] <= 1) return 1;
        if (memcmp(bytes, mapped, 12) != 0) return 0;
        four = bytes + 12;
    }
    return four[0] == 127 || four[0] == 0 || (four[0] == 169 && four[1] == 254);
}
static inline int caas_before_request(void *refused, char *to, char *from, int to_port, int from_port) {
    (void)from;
    (void)to_port;
    (void)from_port;
    if (!caas_is_own_address(to)) return CURL_PREREQFUNC_OK;
    *(int *)refused = 1;
    return CURL_PREREQFUNC_ABORT;
}
/// Allows a transfer to send its request only to other machines, regardless of the names and spellings that led there,
/// and over new and kept connections alike; otherwise aborts it and sets `*refused`.
/// https://curl.se/libcurl/c/CURLOPT_PREREQFUNCTION.html
static inline void caas_curl_refuse_own_addresses(CURL *handle, int *refused) {
    curl_easy_setopt(handle, CURLOPT_PREREQDATA, refused);
    curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, caas_before_request);
}
typedef int (*caas_curl_seek_callback)(void *context, curl_off_t offset, int origin);
static inline CURLcode caas_curl_set_seek_callback(CURL *handle, caas_curl_seek_callback value) {
    return curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, value);
}
static inline CURLcode caas_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}
static inline CURLMcode caas_curl_multi_set_long(CURLM *handle, CURLMoption option, long value) {
    return curl_multi_setopt(handle, option, value);
}
/// Returns the context in CURLOPT_PRIVATE.
static inline void *caas_curl_get_context(CURL *handle) {
    char *value = NULL;
    curl_easy_getinfo(handle, CURLINFO_PRIVATE, &value);
    return value;
}
/// Returns the result in a CURLMsg, which is a C union.
static inline CURLcode caas_curl_message_result(const CURLMsg *message) { return message->data.result; }
/// Initialises libcrypto without the configuration file in OPENSSL_CONF. The option is a 64-bit macro, which Swift does
/// not import.
static inline int caas_openssl_init_without_config(void) {
    return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}
