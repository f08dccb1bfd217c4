import Archive
import Dockerfile
import DockerfileBuild
import ImageBuild
import ImageStore
import JSON
import OCI
import POSIX
import StepExecution
import SystemPackage
import TestSupport

/// A build context, and a store to build Dockerfiles into.
struct DockerfileFixture {
    let folder: TemporaryFolder
    let store: ImageStore
    let events = BuildFixture.Events()

    init() throws {
        folder = try TemporaryFolder()
        store = try ImageStore(at: folder("home/store"))
        try FileSystem.makeFolder(folder("context"))
    }

    /// Writes files to the context, each with its own path as content.
    func write(_ files: [String], mode: UInt32 = 0o644) throws {
        for file in files { try folder.write("context/\(file)", file, mode: mode) }
    }

    func build(
        _ text: String, target: String? = nil, arguments: [String: String] = [:], epoch: Int64 = 0,
        context: String = "context", contexts: [String: NamedContext] = [:], bases: FixedBases = FixedBases(),
        network: StepCommand.Network = .host
    ) async throws -> StoredImage {
        var request = try DockerfileRequest(
            parsing: text, path: "Dockerfile", context: folder(context))
        request.target = target
        request.arguments = arguments
        request.contexts = contexts
        request.network = network
        let builder = ImageBuilder(
            store: store, home: folder("home"), bases: bases, entrypointFolders: [], epoch: epoch, threads: 2,
            report: events.note)
        return try store.image(try await builder.build(request).descriptor)
    }

    /// Returns the error for a Dockerfile that cannot be built.
    func complaint(_ text: String, target: String? = nil) async -> String {
        do {
            _ = try await build(text, target: target)
            return "nothing"
        } catch { return "\(error)" }
    }

    /// Returns the names of each file that has several names in an image.
    func hardLinks(_ image: StoredImage) throws -> [[String]] {
        let contents = try ImageContents(layers: image.manifest.layers, in: store)
        var names: [ImageFile.Identity: [String]] = [:]
        contents.root.forEachDescendant { (file) in
            guard file.kind == .regular, let identity = file.identity else { return }
            names[identity, default: []].append(String(decoding: file.path, as: UTF8.self))
        }
        return names.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
    }

    /// Returns the files of an image as `path mode user:group content`.
    func list(_ image: StoredImage) throws -> [String] {
        let contents = try ImageContents(layers: image.manifest.layers, in: store)
        var lines: [String] = []
        try contents.root.forEachDescendant { (file) in
            let name = String(decoding: file.path, as: UTF8.self)
            let attributes = "\(String(file.mode, radix: 8)) \(file.user):\(file.group)"
            switch file.kind {
            case .directory: lines.append("\(name)/ \(attributes)")
            case .symbolicLink: lines.append("\(name) -> \(String(decoding: file.target, as: UTF8.self))")
            default:
                let content = try contents.content(of: file.path) ?? []
                lines.append("\(name) \(attributes) \(String(decoding: content, as: UTF8.self))")
            }
        }
        return lines
    }

    /// Returns the paths of the files of an image.
    func paths(_ image: StoredImage) throws -> [String] {
        try list(image).map { String($0.prefix { $0 != " " }) }
    }
}
