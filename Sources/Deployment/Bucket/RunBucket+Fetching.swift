import Hashing
import ObjectStorage
import POSIX
package import RunContract
package import SystemPackage
import Synchronization

extension RunBucket {
    /// Downloads every artifact into `folder`, verifies the hash of each part, and writes a SHA256SUMS file.
    ///
    /// Files that are already there and correct are not downloaded again, so that a second call finishes the first.
    package func fetch(
        into folder: FilePath, report: @escaping @Sendable (String) -> Void
    ) async throws(DeploymentError) -> CompletionRecord {
        let action = "fetch run \(run)"
        guard let completion = try await completion() else {
            throw DeploymentError(
                .unverified, action,
                "there is no complete.json in its bucket yet; caasctl status \(run) says what it does")
        }
        guard completion.run == run.description else {
            throw DeploymentError(.unexpectedAnswer, action, "complete.json is of run \(completion.run)")
        }
        var files: [(name: RelativePath, record: FileRecord)] = []
        var artifacts: [(folder: FilePath, tree: TreeRecord)] = []
        for artifact in completion.artifacts {
            guard let into = RelativePath(artifact.into), into.names.count == 1, artifact.into != Self.sumsName else {
                throw DeploymentError(
                    .unexpectedAnswer, action, "an artifact cannot have the name '\(artifact.into)'")
            }
            for record in artifact.files {
                if let name = record.path.below(into) { files.append((name, record)) }
            }
            artifacts.append((into.path(below: folder), artifact.tree))
        }
        let sums = try await BoundedTasks.run(files.count, atOnce: TransferLimits.filesAtOnce) {
            [files] (index) async throws(DeploymentError) in
            let (name, record) = files[index]
            let path = name.path(below: folder)
            try await fetch(record, to: path, below: folder, name.description, report)
            return (path: name, hash: try await Self.hash(of: path, record))
        }
        do {
            try FileSystem.makeFolder(folder, mode: 0o777)
            for artifact in artifacts { try Self.make(artifact.tree, below: artifact.folder) }
            let path = folder.appending(Self.sumsName)
            try FileSystem.write(Self.sums(sums), to: path, sync: true)
        } catch { throw DeploymentError(.local, action, "\(error)") }
        return completion
    }

    private static let sumsName = "SHA256SUMS"

    /// Recreates the artifact's folders and symbolic links; modes and times are left to this user's defaults.
    private static func make(_ tree: TreeRecord, below folder: FilePath) throws {
        for record in tree.folders {
            try makeFolders(to: record.path.path(below: folder).appending("x"), below: folder)
        }
        for link in tree.links {
            let path = link.path.path(below: folder)
            let target = link.targetPath
            try makeFolders(to: path, below: folder)
            if let there = try? FileSystem.readLink(path), there == target { continue }
            // A file that the user put at this path in the meantime is not removed.
            try FileSystem.makeSymbolicLink(path, to: target)
        }
    }

    private func fetch(
        _ file: FileRecord, to path: FilePath, below folder: FilePath, _ name: String,
        _ report: @escaping @Sendable (String) -> Void
    ) async throws(DeploymentError) {
        let action = "fetch run \(run)"
        do {
            try Self.makeFolders(to: path, below: folder)
            if try await Self.isWhole(path, file) { return report("\(name): there already") }
        } catch { throw DeploymentError(.local, action, "\(error)") }
        let object = UploadedObject(
            key: file.key, size: file.size, partSize: file.partSize, parts: file.parts, uploadToken: file.uploadToken)
        let pace = Pace(seconds: 5)
        do throws(StorageError) {
            try await store.download(object, to: path) { bytes in
                if pace.isDue() { report("\(name): \(bytes) of \(file.size) bytes") }
            }
        } catch { throw DeploymentError(error, action) }
        do throws(POSIXError) {
            // Scripts that were executable in the run stay executable.
            if let mode = file.attributes?.mode, mode & 0o111 != 0 { try FileSystem.makeExecutable(path) }
        } catch { throw DeploymentError(.local, action, error.description) }
        report("\(name): \(file.size) bytes")
    }

    /// Creates the folders above a file; throws if one is a symbolic link, which could lead out of `folder`.
    private static func makeFolders(to path: FilePath, below folder: FilePath) throws {
        try FileSystem.makeFolder(folder, mode: 0o777)
        var current = folder
        for component in path.components.dropLast().dropFirst(folder.components.count) {
            current.append(component)
            try FileSystem.makeFolder(current, mode: 0o777)
            guard try FileStatus(current).kind == .directory else {
                throw POSIXError("make folder", current, .notDirectory)
            }
        }
    }

    private static func isWhole(_ path: FilePath, _ file: FileRecord) async throws -> Bool {
        guard let status = try? FileStatus(path), status.kind == .regular, status.size == file.size else {
            return false
        }
        return try await BlockingThread.run {
            try partHashes(of: path, partSize: file.partSize) == file.parts
        }
    }

    private static func hash(of path: FilePath, _ file: FileRecord) async throws(DeploymentError) -> String {
        if file.parts.count == 1 { return file.parts[0] }
        do {
            return try await BlockingThread.run {
                try partHashes(of: path, partSize: .max)[0]
            }
        } catch { throw DeploymentError(.local, "hash \(path)", "\(error)") }
    }

    /// Returns the SHA-256 of each part in order; one hash for an empty file.
    private static func partHashes(of path: FilePath, partSize: Int64) throws -> [String] {
        let file = try File(path, .read)
        let size = try file.status().size
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        var hashes: [String] = []
        var offset: Int64 = 0
        repeat {
            var hash = SHA256()
            let end = partSize >= size - offset || partSize <= 0 ? size : offset + partSize
            while offset < end {
                let wanted = Int(min(Int64(chunk.count), end - offset))
                let count = try readSome(file, &chunk, wanted, at: offset)
                guard count > 0 else { break }
                chunk.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                offset += Int64(count)
            }
            hashes.append(hash.finish().hexadecimal)
            if offset < end { break }
        } while offset < size
        return hashes
    }

    private static func readSome(
        _ file: borrowing File, _ chunk: inout [UInt8], _ wanted: Int, at offset: Int64
    ) throws -> Int {
        var failure: POSIXError?
        var count = 0
        chunk.withUnsafeMutableBytes { buffer in
            do throws(POSIXError) {
                count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]), at: offset)
            } catch { failure = error }
        }
        if let failure { throw failure }
        return count
    }

    /// Returns the file in the format of `sha256sum --check`, where a backslash precedes a line with an escaped name.
    ///
    /// <https://www.gnu.org/software/coreutils/manual/html_node/md5sum-invocation.html>
    private static func sums(_ sums: [(path: RelativePath, hash: String)]) -> [UInt8] {
        var text: [UInt8] = []
        for (path, hash) in sums.sorted(by: { $0.path < $1.path }) {
            let escapes: [UInt8: String] = [0x5C: "\\\\", 0x0A: "\\n", 0x0D: "\\r"]
            if path.bytes.contains(where: { escapes[$0] != nil }) { text.append(0x5C) }
            text += Array("\(hash)  ".utf8)
            for byte in path.bytes { text += escapes[byte].map { Array($0.utf8) } ?? [byte] }
            text.append(0x0A)
        }
        return text
    }
}

/// Limits the rate of an event that several tasks report: `isDue` is true at most once per interval.
private final class Pace: Sendable {
    private let interval: Duration
    private let last = Mutex(ContinuousClock.now)

    init(seconds: Int) { interval = .seconds(seconds) }

    func isDue() -> Bool {
        last.withLock { last in
            guard last.duration(to: .now) >= interval else { return false }
            last = .now
            return true
        }
    }
}
