import Archive
import Definitions
import Hashing
import JSON
import POSIX
import SystemPackage
import Wording

extension LayerBuilder {
    /// Makes a layer of an archive's content; the archive's SHA-256 is part of the cache key.
    func archive(_ layer: ImageDefinition.ArchiveLayer, epoch: Int64, isOnBase: Bool) async throws -> BuiltLayer {
        let name = "archive: \(layer.from.lastComponent?.string ?? "/") into \(layer.into)"
        report(.step(name))
        let before = try FileStatus(layer.from, followingLinks: true)
        let digest = try await BlockingThread.run { try Self.digest(of: layer.from) }
        guard layer.sha256 == nil || layer.sha256 == digest else {
            throw Failure("unpack \(layer.from)", "its SHA-256 is \(digest), not the one that 'sha256' says")
        }
        let input: JSONValue = [
            "kind": "archive", "name": .string(layer.from.lastComponent?.string ?? "/"), "into": .string(layer.into),
        ]
        if let expected = try locked.locked(input, at: place)?["sha256"]?.string, expected != digest {
            throw locked.mismatch("unpack \(layer.from)", "its SHA-256 is \(digest)")
        }
        locked.note(input, ["sha256": .string(digest)])
        var layer = layer
        layer.isPrivileged = layer.isPrivileged || isPrivileged
        let parents = try parents(to: layer.into, onBase: isOnBase, modified: epoch)
        let inputs = [
            "archive", digest, layer.into, layer.owner.map { "\($0.user):\($0.group)" } ?? "kept",
            "\(layer.isPrivileged)", "\(layer.limit ?? 0)", "\(epoch)", "\(isOnBase)",
            String(decoding: parents.flatMap(\.fingerprint), as: UTF8.self),
        ]
        if let known = await cache.find(inputs, createdBy: name) { return known }
        let report = report
        let built = try await make(createdBy: name) { [layer] (writer) in
            var done: Int64 = 0
            var content = try UnpackedArchive(layer, below: parents, epoch: epoch, isOnBase: isOnBase)
            try content.write(to: &writer) { count in
                done += count
                report(.progress(step: name, bytes: done))
            }
        }
        let after = try FileStatus(layer.from, followingLinks: true)
        guard after.isUnchanged(since: before) else {
            throw Failure("unpack \(layer.from)", "it changed while it was read; build again")
        }
        try cache.keep(built, for: inputs)
        return built
    }

    private static func digest(of file: FilePath) throws -> String {
        let file = try File(file, .read)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        var hash = SHA256()
        while true {
            let count = try file.read(into: buffer)
            if count == 0 { return hash.finish().hexadecimal }
            hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}
