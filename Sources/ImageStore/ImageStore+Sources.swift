import JSON
package import OCI
import POSIX
import SystemPackage
import Timestamps
import Wording

/// A repository that holds a blob.
package struct BlobSource: Sendable, Hashable {
    /// The registry's host and port.
    package let registry: String
    /// The repository's path in the registry.
    package let repository: String

    package init(registry: String, repository: String) {
        self.registry = registry
        self.repository = repository
    }
}

extension ImageStore {
    /// Records that a repository holds a blob, which can then be mounted or copied from there.
    package func remember(_ source: BlobSource, of digest: Digest) throws {
        var sources = try sources(of: digest)
        if sources.first == source { return }
        sources.removeAll { $0 == source }
        sources.insert(source, at: 0)
        let content = JSONValue.array(
            sources.prefix(8).map { ["registry": .string($0.registry), "repository": .string($0.repository)] })
        let path = sourcesPath(of: digest)
        try FileSystem.makeFolder(path.removingLastComponent())
        try FileSystem.write(content.encoded(), to: path)
    }

    /// Returns the repositories that are known to hold a blob, the latest first.
    package func sources(of digest: Digest) throws -> [BlobSource] {
        let path = sourcesPath(of: digest)
        guard FileSystem.exists(path) else { return [] }
        let content = try FileSystem.read(path)
        return try attempt("read \(path)") {
            var sources: [BlobSource] = []
            for element in try JSONValue(parsing: content).array ?? [] {
                sources.append(
                    BlobSource(registry: try element.text("registry"), repository: try element.text("repository")))
            }
            return sources
        }
    }

    var sourcesFolder: FilePath { folder.appending("sources").appending("sha256") }

    private func sourcesPath(of digest: Digest) -> FilePath {
        sourcesFolder.appending("\(digest.hexadecimal).json")
    }

    /// Returns the time some minutes ago, in nanoseconds since 1970.
    static func minutesAgo(_ minutes: Int) -> Int64 {
        Int64(Timestamp.now().seconds - minutes * 60) * 1_000_000_000
    }
}
