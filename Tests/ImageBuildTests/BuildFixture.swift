import Archive
import Definitions
import Hashing
import ImageBuild
import ImageLayers
import ImageStore
import JSON
import OCI
import POSIX
import Synchronization
import SystemPackage
import TestSupport

/// Base images by name, or by platform and name; all other images do not exist.
struct FixedBases: BaseImageSource {
    var images: [String: BaseImage] = [:]

    struct Missing: Error, CustomStringConvertible { let description = "cannot find image: there is none" }

    func baseImage(_ reference: Reference, for platform: Platform) async throws -> BaseImage {
        let name = reference.description
        guard let image = images["\(platform) \(name)"] ?? images[name] else { throw Missing() }
        return image
    }

    func fetch(_ layers: [Descriptor], of base: BaseImage, into store: ImageStore) async throws { throw Missing() }
}

/// A folder with a definition, and a store to build into.
struct BuildFixture {
    let folder: TemporaryFolder
    let store: ImageStore
    var bases = FixedBases()
    var entrypointFolders: [FilePath] = []
    let events = Events()

    /// The events of a build.
    final class Events: Sendable {
        private let list = Mutex<[BuildEvent]>([])
        var warnings: [String] {
            list.withLock { $0.compactMap { if case .warning(let text) = $0 { text } else { nil } } }
        }
        var steps: [String] { list.withLock { $0.compactMap { if case .step(let text) = $0 { text } else { nil } } } }
        /// Whether any content was read into a layer.
        var hasProgress: Bool { list.withLock { $0.contains { if case .progress = $0 { true } else { false } } } }
        func clear() { list.withLock { $0 = [] } }
        @Sendable func note(_ event: BuildEvent) { list.withLock { $0.append(event) } }
    }

    init() throws {
        folder = try TemporaryFolder()
        store = try ImageStore(at: folder("home/store"))
    }

    /// Builds a definition in the folder `image`.
    func build(
        _ yaml: String, program: String? = nil, epoch: Int64 = 0, threads: Int = 2, isVerifying: Bool = false,
        isPrivileged: Bool = false
    ) async throws -> StoredImage {
        let program = try program.map { try ProgramDefinition(parsing: $0, file: folder("image/program.yaml")) }
        let builder = builder(
            epoch: epoch, threads: threads, isVerifying: isVerifying, isPrivileged: isPrivileged)
        return try store.image(try await builder.build(definition(yaml), program: program).descriptor)
    }

    /// Parses a definition in the folder `image`.
    func definition(_ yaml: String) throws -> ImageDefinition {
        try ImageDefinition(parsing: yaml, file: folder("image/image.yaml"), environment: [:])
    }

    func builder(
        epoch: Int64 = 0, threads: Int = 2, bundles: [FilePath] = [], isVerifying: Bool = false,
        isPrivileged: Bool = false
    ) -> ImageBuilder {
        ImageBuilder(
            store: store, home: folder("home"), bases: bases, entrypointFolders: entrypointFolders,
            entrypointBundles: bundles, epoch: epoch, threads: threads, isVerifying: isVerifying,
            isPrivileged: isPrivileged, report: events.note)
    }

    /// Shares one pip environment between all tests, because each test would need seconds to make its own.
    func shareInstallers() throws {
        let shared = Checkout.cache.appending("test-installers-\(CurrentUser.id)")
        try FileSystem.makeFolder(shared)
        try FileSystem.makeFolder(folder("home/cache"))
        try FileSystem.makeSymbolicLink(folder("home/cache/python"), to: FileSystem.realPath(shared))
    }

    /// Returns bsdtar's listing of a layer: mode, owner, time and path.
    func list(_ image: StoredImage, layer: Int = 0) async throws -> [String] {
        let blob = store.path(of: image.manifest.layers[layer].digest)
        let lines = try await Command(
            "bsdtar", ["--numeric-owner", "-tvf", blob.string], environment: ["TZ": "UTC", "LC_ALL": "C.UTF-8"]
        ).succeed().split(separator: "\n")
        return lines.map { line in
            let fields = line.split(separator: " ").map(String.init)
            let time = fields[5...7].joined(separator: " ")
            return "\(fields[0]) \(fields[2]):\(fields[3]) \(time) \(fields[8...].joined(separator: " "))"
        }
    }

    /// Returns the names of all blobs, including unfinished ones.
    func blobs() throws -> [String] {
        let unfinished = store.folder.appending("tmp")
        return try FileSystem.names(in: store.folder.appending("blobs/sha256")).map(\.string)
            + (FileSystem.exists(unfinished) ? try FileSystem.names(in: unfinished).map(\.string) : [])
    }

    /// Makes an entrypoint layer with a file of this content, and lets builds find it.
    mutating func makeEntrypoint(
        _ content: String = "entrypoint", changing change: (inout JSONValue) -> Void = { _ in }
    )
        throws
    {
        let place = folder("entrypoint")
        try FileSystem.makeFolder(place)
        var writer = try LayerWriter(
            writingTo: File(place.appending("layer.tar.gz"), .create(mode: 0o644)),
            compression: .gzipPortable(level: 9, threads: 2))
        try writer.append(ArchiveEntry(.directory, path: Array(".caas".utf8), mode: 0o755))
        try writer.append(
            ArchiveEntry(.regular, path: Array(".caas/caas-entrypoint".utf8), mode: 0o755), content: Array(content.utf8)
        )
        let layer = try writer.finish()
        var json: JSONValue = [
            "digest": .string("\(Digest(sha256: layer.digest))"), "diff_id": .string("\(Digest(sha256: layer.diffID))"),
            "size": .integer(layer.size), "architecture": .string(Platform.current.architecture),
        ]
        change(&json)
        try FileSystem.write(json.encoded(), to: place.appending("layer.json"))
        entrypointFolders = [place]
    }
}
