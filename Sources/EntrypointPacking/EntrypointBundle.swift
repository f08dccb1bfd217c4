import Archive
import ImageLayers
package import OCI
import POSIX
package import SystemPackage
import Wording

/// The layers with caas-entrypoint for one or several architectures, as `caasctl entrypoint pack` writes them.
///
/// A bundle is a folder with one layer, a folder with one subfolder per layer, or a tar of either.
struct EntrypointBundle {
    private static let longestDescription = 64 << 10

    let artifacts: [EntrypointArtifact]

    init(_ path: FilePath) throws {
        let status = try FileStatus(path, followingLinks: true)
        artifacts = status.kind == .directory ? try Self.artifacts(in: path) : try Self.artifacts(of: path)
        guard !artifacts.isEmpty else {
            throw Failure(
                "use the entrypoint bundle \(path)",
                "it holds no \(EntrypointArtifact.descriptionName), as caasctl entrypoint pack writes it")
        }
    }

    private static func artifacts(in folder: FilePath) throws -> [EntrypointArtifact] {
        let names = try FileSystem.names(in: folder)
        var artifacts: [EntrypointArtifact] = []
        for place in [folder] + names.map({ folder.appending($0) })
        where FileSystem.exists(place.appending(EntrypointArtifact.descriptionName)) {
            artifacts.append(try EntrypointArtifact(in: place))
        }
        return artifacts
    }

    private static func artifacts(of archive: FilePath) throws -> [EntrypointArtifact] {
        var reader = try LayerReader(at: archive)
        var artifacts: [EntrypointArtifact] = []
        while let entry = try reader.next() {
            let name = entry.path.split(separator: UInt8(ascii: "/")).last ?? []
            guard entry.kind == .regular, Array(name) == Array(EntrypointArtifact.descriptionName.utf8) else {
                continue
            }
            let content = try reader.content(limit: longestDescription)
            artifacts.append(try EntrypointArtifact(entry, content, in: archive))
        }
        return artifacts
    }
}

/// Finds the entrypoint for each platform.
package struct EntrypointSearch {
    /// The bundles that the user named, which must exist.
    let bundles: [FilePath]
    /// The folders on this machine, which need not have an entrypoint.
    let folders: [FilePath]

    package init(bundles: [FilePath], folders: [FilePath]) {
        self.bundles = bundles
        self.folders = folders
    }

    /// Returns the first entrypoint for a platform.
    package func artifact(for platform: Platform) throws -> EntrypointArtifact {
        let action = "bake a program into an image"
        var places: [FilePath] = bundles
        for folder in folders where FileSystem.exists(folder.appending(EntrypointArtifact.descriptionName)) {
            places.append(folder)
        }
        guard !places.isEmpty else {
            let names = folders.map(\.string).joined(separator: " or ")
            throw Failure(action, "the entrypoint's layer is not in \(names); type: make entrypoint")
        }
        var others: [String] = []
        for place in places {
            for artifact in try EntrypointBundle(place).artifacts {
                if artifact.architecture == platform.architecture { return artifact }
                others.append("the entrypoint in \(place) is for \(artifact.architecture)")
            }
        }
        throw Failure(
            "\(action) for \(platform)",
            others.joined(separator: ", ")
                + "; make one on such a machine (make entrypoint) and name it with --entrypoint-bundle")
    }
}
