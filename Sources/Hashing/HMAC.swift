private import CLibCrypto

/// HMAC-SHA256 (RFC 2104), computed by libcrypto.
package enum HMACSHA256 {
    /// Returns the authentication code of a message under a key, 32 bytes.
    package static func authenticate(_ message: some Collection<UInt8>, key: some Collection<UInt8>) -> [UInt8] {
        let key = Array(key)
        let message = Array(message)
        return [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            var length: UInt32 = 0
            HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, buffer.baseAddress, &length)
            count = Int(length)
        }
    }
}

/// Random bytes for tokens, keys and names.
package enum RandomBytes {
    /// Returns `count` bytes from libcrypto's generator.
    package static func make(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            guard RAND_bytes(buffer.baseAddress, Int32(count)) == 1 else {
                fatalError("cannot make random bytes: libcrypto has no entropy")
            }
            filled = count
        }
    }
}
