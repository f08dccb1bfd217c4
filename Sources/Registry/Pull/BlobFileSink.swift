import Hashing
import HTTP
import OCI
import POSIX
import SystemPackage

/// Writes a blob to a file while it arrives, and hashes what it writes; a second answer may go on where the first broke.
///
/// The transfer thread alone touches it while a request runs, the task that sent the request before and after; the
/// request orders the two, which makes the unchecked conformance true.
final class BlobFileSink: HTTPBodySink, @unchecked Sendable {
    private let descriptor: Descriptor
    private let file: File
    private let onProgress: @Sendable (Int64) -> Void
    private var hash = SHA256()
    /// Bytes that are in the file.
    private(set) var received: Int64 = 0
    /// Why the sink refused what came.
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

    /// Says whether all that was promised has come, and nothing else.
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
