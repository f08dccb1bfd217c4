// libcrypto: https://docs.openssl.org/3.0/man7/crypto/
#pragma once
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
