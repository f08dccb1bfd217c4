private import CLibCrypto

/// Owns an EVP_MD_CTX.
///
/// libcrypto's digest calls fail only without memory or without the algorithm; the process cannot continue in either
/// case.
struct DigestContext: ~Copyable {
    enum Algorithm {
        case sha256
        case md5
    }

    private let context: OpaquePointer

    init(_ algorithm: Algorithm) {
        guard let context = EVP_MD_CTX_new() else { fatalError("cannot hash: libcrypto has no memory") }
        let method = algorithm == .sha256 ? EVP_sha256() : EVP_md5()
        guard EVP_DigestInit_ex(context, method, nil) == 1 else {
            fatalError("cannot hash: libcrypto does not offer \(algorithm)")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    mutating func update(_ bytes: RawSpan) {
        bytes.withUnsafeBytes { update($0) }
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        EVP_DigestUpdate(context, start, bytes.count)
    }

    consuming func finish(byteCount: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            EVP_DigestFinal_ex(context, buffer.baseAddress, nil)
            count = byteCount
        }
    }
}
