import JSON
package import OCI
import POSIX
import SystemPackage
import Wording

/// The blobs that were removed, or would be in a dry run.
package struct PrunedBlobs: Sendable, Hashable {
    /// The removed blobs with their sizes in bytes.
    package var blobs: [(digest: Digest, size: Int64)]
    /// The bytes of records about removed blobs, and of unfinished blobs whose writers were killed.
    package var otherBytes: Int64

    /// The sum of all removed bytes.
    package var bytes: Int64 { blobs.reduce(otherBytes) { $0 + $1.size } }

    package static func == (left: PrunedBlobs, right: PrunedBlobs) -> Bool {
        left.otherBytes == right.otherBytes && left.blobs.elementsEqual(right.blobs, by: ==)
    }

    package func hash(into hasher: inout Hasher) { for blob in blobs { hasher.combine(blob.digest) } }
}

/// Removing blobs that no image needs.
extension ImageStore {
    /// The size limit of manifests in bytes; only manifests refer to other blobs.
    private static let longestManifest: Int64 = 4 << 20
    private static let trash = "removed"

    /// Removes the blobs that no tag leads to, no running process uses, and were last used before a point in time.
    ///
    /// `usedBefore` is in nanoseconds since 1970. Other processes may use the store meanwhile; they only wait while
    /// files are renamed. If this process is killed, the store remains valid, and the next pruning removes the rest. It
    /// blocks: call it on a thread of its own.
    package func prune(
        usedBefore: Int64 = .max, dryRun: Bool = false, patience: Duration = .seconds(10)
    ) throws -> PrunedBlobs {
        var pruned = PrunedBlobs(blobs: [], otherBytes: 0)
        do {
            let gate = try enterAlone(patience)
            let named = try layout.tags()
            for image in named { try requireReadable(image.descriptor, image.name) }
            let wanted = try reachable(from: named.map(\.descriptor.digest) + notedDigests())
            for name in try FileSystem.names(in: layout.blobs) {
                guard let digest = try? Digest("sha256:\(name)"), !wanted.contains(digest),
                    let status = try? FileStatus(path(of: digest)),
                    max(status.accessed, status.modified) < usedBefore
                else { continue }
                if !dryRun { try discard(path(of: digest)) }
                pruned.blobs.append((digest, status.size))
            }
            for folder in ["listings", "sources"] {
                pruned.otherBytes += try discardNotes(in: folder, except: wanted, dryRun: dryRun)
            }
            _ = consume gate
        }
        pruned.otherBytes += removeTrash(dryRun: dryRun)
        return pruned
    }

    /// Throws if a tagged manifest is damaged: its layers would be removed, though they may be all that is left of the
    /// image.
    private func requireReadable(_ image: Descriptor, _ name: String) throws {
        let path = path(of: image.digest)
        guard FileSystem.exists(path) else { return }
        let content = try FileSystem.read(path)
        guard Digest(of: content) == image.digest else {
            throw Failure(
                "remove anything from \(folder)",
                "the manifest of '\(name)' is damaged; build the image again, or type: caasctl image rm \(name)")
        }
    }

    /// Waits for the exclusive lock of the gate; other processes hold it only while they record the use of a blob.
    private func enterAlone(_ patience: Duration) throws -> File {
        let gate = try StoreSession.gate(in: folder)
        let end = ContinuousClock.now + patience
        repeat {
            if try gate.lock(wait: false) { return gate }
            BlockingThread.sleep(milliseconds: 5)
        } while ContinuousClock.now < end
        throw Failure(
            "remove anything from \(folder)",
            "a process that could not note what it uses, since the disk is full, is still running; try again later")
    }

    /// Returns the digests that running processes recorded; removes the files of processes that ended.
    private func notedDigests() throws -> [Digest] {
        let sessions = StoreSession.folder(in: folder)
        guard let names = try? FileSystem.names(in: sessions) else { return [] }
        var digests: [Digest] = []
        for path in names.map({ sessions.appending($0) }) {
            guard let file = try? File(readingNoFollow: path) else { continue }
            if (try? file.lock(wait: false)) == true {
                try? FileSystem.remove(path)
                continue
            }
            let notes = try FileSystem.read(path)
            digests += String(decoding: notes, as: UTF8.self).split(separator: "\n").compactMap {
                try? Digest(String($0))
            }
        }
        return digests
    }

    /// Returns these blobs and all blobs that they refer to, directly or not.
    private func reachable(from roots: [Digest]) throws -> Set<Digest> {
        var reached: Set<Digest> = []
        var next = roots
        while let digest = next.popLast() {
            guard reached.insert(digest).inserted, let status = try? FileStatus(path(of: digest)),
                status.size <= Self.longestManifest
            else { continue }
            let path = path(of: digest)
            let content = try FileSystem.read(path)
            // Configs and small layers are read here too, but refer to nothing.
            guard content.first == UInt8(ascii: "{"), let json = try? JSONValue(parsing: content) else { continue }
            let lists = ["manifests", "layers", "blobs"].flatMap { json[$0]?.array ?? [] }
            for descriptor in lists + [json["config"]].compactMap(\.self) {
                if let child = descriptor["digest"]?.string.flatMap({ try? Digest($0) }) { next.append(child) }
            }
        }
        return reached
    }

    /// Renames a file to an unused name; removing a big file takes too long while the gate is locked.
    private func discard(_ path: FilePath) throws {
        let temporary = temporaryFolder
        try FileSystem.makeFolder(temporary)
        try FileSystem.rename(path, to: FileSystem.temporaryPath(beside: temporary.appending(Self.trash)))
    }

    private func discardNotes(in name: String, except wanted: Set<Digest>, dryRun: Bool) throws -> Int64 {
        let notes = folder.appending(name).appending("sha256")
        guard let names = try? FileSystem.names(in: notes) else { return 0 }
        var bytes: Int64 = 0
        for name in names {
            guard let digest = try? Digest("sha256:\(name.string.prefix { $0 != "." })"), !wanted.contains(digest),
                let status = try? FileStatus(notes.appending(name))
            else { continue }
            bytes += status.size
            if !dryRun { try discard(notes.appending(name)) }
        }
        return bytes
    }

    /// Removes the files discarded by this process or by a killed one, and the files of killed writers.
    private func removeTrash(dryRun: Bool) -> Int64 {
        guard let names = try? FileSystem.names(in: temporaryFolder) else { return 0 }
        var bytes: Int64 = 0
        for name in names {
            let path = temporaryFolder.appending(name)
            if name.string.hasPrefix(".\(Self.trash).") {
                if !dryRun { try? FileSystem.remove(path) }
            } else if AbandonedFiles.contains(path) {
                bytes += (try? FileStatus(path))?.size ?? 0
                if !dryRun { try? FileSystem.remove(path) }
            }
        }
        return bytes
    }
}
