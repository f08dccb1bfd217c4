import Hashing
import HTTP
import OCI
import POSIX
import SystemPackage

/// Writes a blob to a file as it arrives and hashes it; a later response may resume where an earlier one broke off.
///
/// While a request runs, only the transfer thread accesses the sink; before and after, only the task that sent the
/// request does. The request orders the two, so the unchecked conformance is sound.
final class BlobFileSink: HTTPBodySink, @unchecked Sendable {
    private let descriptor: Descriptor
    private let file: File
    private let onProgress: @Sendable (Int64) -> Void
    private var hash = SHA256()
    /// The number of bytes in the file.
    private(set) var received: Int64 = 0
    /// The reason why the sink rejected the response.
    private(set) var failure: RegistryError?

    init(
        _ descriptor: Descriptor, at path: FilePath, onProgress: @escaping @Sendable (Int64) -> Void
    ) throws(POSIXError) {
        self.descriptor = descriptor
        self.onProgress = onProgress
        file = try File(path, .replace(mode: 0o644))
    }

    func begin(_ response: HTTPResponse) throws {
        if response.status == 206 {
            let start = response.headers["Content-Range"]?.split { " -/".contains($0) }.dropFirst().first
            guard start.flatMap({ Int64($0) }) == received else {
                throw fail(.refused, "the registry sent another part of blob \(descriptor.digest) than was asked for")
            }
        } else {
            try file.truncate()
            hash = SHA256()
            received = 0
        }
    }

    func receive(_ bytes: UnsafeRawBufferPointer) throws {
        guard received + Int64(bytes.count) <= descriptor.size else {
            throw fail(.contentMismatch, "blob \(descriptor.digest) is longer than its \(descriptor.size) bytes")
        }
        try file.write(bytes)
        hash.update(bytes)
        received += Int64(bytes.count)
        onProgress(received)
    }

    private func fail(_ code: RegistryError.Code, _ reason: String) -> RegistryError {
        let error = RegistryError(code, reason)
        failure = error
        return error
    }

    /// Throws unless the received bytes have the blob's size and digest.
    func verify() throws(RegistryError) {
        guard received == descriptor.size else {
            throw RegistryError(
                .contentMismatch,
                "blob \(descriptor.digest) has \(received) bytes at the registry, and should have \(descriptor.size)")
        }
        var finished = SHA256()
        swap(&finished, &hash)
        let digest = Digest(sha256: finished.finish())
        guard digest == descriptor.digest else {
            throw RegistryError(.contentMismatch, "blob \(descriptor.digest) came as \(digest), and was thrown away")
        }
    }
}
