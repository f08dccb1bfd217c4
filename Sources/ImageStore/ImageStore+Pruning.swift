import JSON
package import OCI
import POSIX
import SystemPackage

/// What was removed, or would be.
package struct PrunedBlobs: Sendable, Hashable {
    /// The blobs with their lengths, by digest.
    package var blobs: [(digest: Digest, size: Int64)]
    /// What was kept about blobs that are gone, and unfinished blobs of writers that were killed, in bytes.
    package var otherBytes: Int64

    /// The bytes of all that.
    package var bytes: Int64 { blobs.reduce(otherBytes) { $0 + $1.size } }

    /// Equal where the same blobs went.
    package static func == (left: PrunedBlobs, right: PrunedBlobs) -> Bool {
        left.otherBytes == right.otherBytes && left.blobs.elementsEqual(right.blobs, by: ==)
    }

    /// By the blobs.
    package func hash(into hasher: inout Hasher) { for blob in blobs { hasher.combine(blob.digest) } }
}

/// Removing what no image needs.
extension ImageStore {
    /// A manifest is not longer, and only manifests name other blobs.
    private static let longestManifest: Int64 = 4 << 20
    private static let trash = "removed"

    /// Removes the blobs that no name leads to, that no running process uses, and that were last used before a moment.
    ///
    /// Others may use the store meanwhile: they wait for as long as it takes to rename files. Whenever this is killed the
    /// store is valid, and the next time removes the rest. It blocks: run it on a thread of its own.
    package func prune(
        usedBefore: Int64 = .max, dryRun: Bool = false, patience: Duration = .seconds(10)
    ) throws(ImageStoreError) -> PrunedBlobs {
        var pruned = PrunedBlobs(blobs: [], otherBytes: 0)
        do {
            let gate = try enterAlone(patience)
            let named = try layout.tags()
            for image in named { try requireReadable(image.descriptor, image.name) }
            let wanted = try reachable(from: named.map(\.descriptor.digest) + notedDigests())
            for name in try posix({ () throws(POSIXError) in try FileSystem.names(in: layout.blobs) }) {
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

    /// What a damaged manifest names would be removed, though it may be all that is left of an image.
    private func requireReadable(_ image: Descriptor, _ name: String) throws(ImageStoreError) {
        let path = path(of: image.digest)
        guard FileSystem.exists(path) else { return }
        let content = try posix { () throws(POSIXError) in try FileSystem.read(path) }
        guard Digest(of: content) == image.digest else {
            throw ImageStoreError(
                "remove anything from \(folder)",
                "the manifest of '\(name)' is damaged; build the image again, or type: caasctl rmi \(name)")
        }
    }

    /// Waits until nobody looks for a blob, which takes others no longer than a note.
    private func enterAlone(_ patience: Duration) throws(ImageStoreError) -> File {
        let gate = try posix { () throws(POSIXError) in try StoreSession.gate(in: folder) }
        let end = ContinuousClock.now + patience
        repeat {
            if try posix({ () throws(POSIXError) in try gate.lock(wait: false) }) { return gate }
            BlockingThread.sleep(milliseconds: 5)
        } while ContinuousClock.now < end
        throw ImageStoreError(
            "remove anything from \(folder)",
            "a process that could not note what it uses, since the disk is full, is still running; try again later")
    }

    /// What living processes noted; the files of others are removed.
    private func notedDigests() throws(ImageStoreError) -> [Digest] {
        let sessions = StoreSession.folder(in: folder)
        guard let names = try? FileSystem.names(in: sessions) else { return [] }
        var digests: [Digest] = []
        for path in names.map({ sessions.appending($0) }) {
            guard let file = try? File(readingNoFollow: path) else { continue }
            if (try? file.lock(wait: false)) == true {
                try? FileSystem.remove(path)
                continue
            }
            let notes = try posix { () throws(POSIXError) in try FileSystem.read(path) }
            digests += String(decoding: notes, as: UTF8.self).split(separator: "\n").compactMap {
                try? Digest(String($0))
            }
        }
        return digests
    }

    /// These blobs and all that they name.
    private func reachable(from roots: [Digest]) throws(ImageStoreError) -> Set<Digest> {
        var reached: Set<Digest> = []
        var next = roots
        while let digest = next.popLast() {
            guard reached.insert(digest).inserted, let status = try? FileStatus(path(of: digest)),
                status.size <= Self.longestManifest
            else { continue }
            let path = path(of: digest)
            let content = try posix { () throws(POSIXError) in try FileSystem.read(path) }
            // Configs and small layers come here too, and name nothing.
            guard content.first == UInt8(ascii: "{"), let json = try? JSONValue(parsing: content) else { continue }
            let lists = ["manifests", "layers", "blobs"].flatMap { json[$0]?.array ?? [] }
            for descriptor in lists + [json["config"]].compactMap(\.self) {
                if let child = descriptor["digest"]?.string.flatMap({ try? Digest($0) }) { next.append(child) }
            }
        }
        return reached
    }

    /// Takes a file away under a name that nobody uses; unlinking a big one takes too long with the gate closed.
    private func discard(_ path: FilePath) throws(ImageStoreError) {
        let temporary = temporaryFolder
        try posix { () throws(POSIXError) in
            try FileSystem.makeFolder(temporary)
            try FileSystem.rename(path, to: FileSystem.temporaryPath(beside: temporary.appending(Self.trash)))
        }
    }

    private func discardNotes(
        in name: String, except wanted: Set<Digest>, dryRun: Bool
    ) throws(ImageStoreError) -> Int64 {
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

    /// Removes what was discarded, now or by a process that was killed, and what killed writers left.
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
