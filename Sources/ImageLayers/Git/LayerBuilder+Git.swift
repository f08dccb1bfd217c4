import Archive
import ByteText
import Definitions
import JSON
import SystemPackage
import Wording

extension LayerBuilder {
    /// Makes a layer with a commit's files, as `git archive` exports them.
    func git(_ layer: ImageDefinition.GitLayer, folder: FilePath, isOnBase: Bool) async throws -> BuiltLayer {
        let url = url(of: layer, folder)
        let commit = try await commit(of: layer, at: url)
        let name = "git: \(commit.prefix(12)) into \(layer.into)"
        report(.step(name))
        let inputs = try inputs(of: layer, commit, isOnBase: isOnBase)
        if let known = await cache.find(inputs, createdBy: name) { return known }
        let built = try await withTemporaryFolder { (temporary) in
            let repository = GitRepository(path: temporary.appending("repository"))
            try await repository.fetch(commit, from: url)
            let date = try await repository.date(of: commit)
            let tar = temporary.appending("commit.tar")
            try await repository.archive(commit, to: tar)
            let parents = try parents(to: layer.into, onBase: isOnBase, modified: date)
            let into = Array(layer.into.split(byte: "/").joined(separator: "/").utf8)
            return try await make(createdBy: name, from: tar, parents: parents) { entry in
                Self.placed(entry, into: into, newest: date)
            }
        }
        try cache.keep(built, for: inputs)
        return built
    }

    /// Checks that the repository is reachable, unless the layer is in the cache and needs no fetch.
    func checkSource(of layer: ImageDefinition.GitLayer, folder: FilePath, isOnBase: Bool) async throws {
        let commit =
            layer.isPinned ? layer.commit : try locked.locked(lockInput(of: layer), at: place)?["commit"]?.string
        if let commit, !cache.isVerifying, cache.isKnown(try inputs(of: layer, commit, isOnBase: isOnBase)) { return }
        try await GitRepository.reach(url(of: layer, folder), for: layer.commit)
    }

    private func lockInput(of layer: ImageDefinition.GitLayer) -> JSONValue {
        ["kind": "git", "url": .string(layer.url.withoutUser), "commit": .string(layer.commit)]
    }

    private func url(of layer: ImageDefinition.GitLayer, _ folder: FilePath) -> String {
        layer.url.hasPrefix(bytes: ".") ? folder.appending(layer.url).string : layer.url
    }

    /// A commit's ID is a digest of its content, so the cache key does not contain the repository.
    private func inputs(of layer: ImageDefinition.GitLayer, _ commit: String, isOnBase: Bool) throws -> [String] {
        let above = try parents(to: layer.into, onBase: isOnBase, modified: 0).flatMap(\.fingerprint)
        return ["git", commit, layer.into, "\(isOnBase)", String(decoding: above, as: UTF8.self)]
    }

    private func commit(of layer: ImageDefinition.GitLayer, at url: String) async throws -> String {
        if layer.isPinned { return layer.commit }
        let input = lockInput(of: layer)
        if let commit = try locked.locked(input, at: place)?["commit"]?.string {
            guard commit.wholeMatch(of: #/[0-9a-f]{40}|[0-9a-f]{64}/#) != nil else {
                throw Failure("read \(locked.name)", "'\(commit)' is no commit; renew it with --lock")
            }
            locked.note(input, ["commit": .string(commit)])
            return commit
        }
        let commit = try await GitRepository.find(layer.commit, at: url)
        report(
            .warning(
                "'\(layer.commit)' of \(url.withoutUser) may be another commit tomorrow; "
                    + "for the same image then, write commit: \(commit), or build with --lock"))
        locked.note(input, ["commit": .string(commit)])
        return commit
    }

    /// Returns the entry below `into`, with the modes that git stores, because git archive applies the user's umask.
    private static func placed(_ entry: ArchiveEntry, into: [UInt8], newest: Int64) -> ArchiveEntry? {
        let path = entry.path.drop { $0 == UInt8(ascii: "/") }
        let names = path.split(separator: UInt8(ascii: "/"))
        guard !names.isEmpty else { return nil }
        var entry = entry
        let separator = into.isEmpty ? [] : [UInt8(ascii: "/")]
        entry.path = into + separator + Array(names.joined(separator: [UInt8(ascii: "/")]))
        switch entry.kind {
        case .directory: entry.mode = 0o755
        case .symbolicLink: entry.mode = 0o777
        default: entry.mode = entry.mode & 0o100 != 0 ? 0o755 : 0o644
        }
        entry.user = 0
        entry.group = 0
        entry.modified = min(entry.modified, newest)
        return entry
    }
}
