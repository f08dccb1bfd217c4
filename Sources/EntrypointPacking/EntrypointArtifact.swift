import Archive
package import ImageLayers
package import ImageStore
import JSON
import OCI
import POSIX
package import SystemPackage
import Wording

/// The layer with caas-entrypoint, made once by `make entrypoint`: every image gets the same bytes.
package struct EntrypointArtifact: Sendable {
    static let blobName = "layer.tar.gz"
    static let descriptionName = "layer.json"

    private enum Source: Sendable {
        case file(FilePath)
        case entry(path: [UInt8], of: FilePath)
    }

    /// The architecture that the entrypoint runs on.
    let architecture: String
    private let source: Source
    private let layer: BuiltLayer

    /// Reads the description in a folder; the layer is next to it.
    init(in folder: FilePath) throws {
        let description = folder.appending(Self.descriptionName)
        let content = try FileSystem.read(description)
        try self.init(content, name: description.string, .file(folder.appending(Self.blobName)))
    }

    /// Reads the description in an archive; the layer is another entry in the same folder.
    init(_ description: ArchiveEntry, _ content: [UInt8], in archive: FilePath) throws {
        let blob = description.path.dropLast(Self.descriptionName.utf8.count) + Array(Self.blobName.utf8)
        try self.init(content, name: "\(description.name) of \(archive)", .entry(path: Array(blob), of: archive))
    }

    private init(_ description: [UInt8], name: String, _ source: Source) throws {
        self.source = source
        do {
            var json = try JSONValue(parsing: description)
            json["mediaType"] = .string(MediaType.layerGzip.description)
            layer = try BuiltLayer(json: json, createdBy: "caas-entrypoint")
            architecture = try json.text("architecture")
        } catch { throw Failure("read \(name)", "\(Failure.reason(of: error)); type: make entrypoint") }
    }

    /// Returns the folders to search: next to the running program, then in the user's own folder.
    package static func folders(home: FilePath) -> [FilePath] {
        let program = try? FileSystem.readLink("/proc/self/exe")
        let beside = program.map { [$0.removingLastComponent().appending("entrypoint")] } ?? []
        return beside + [home.appending("entrypoint")]
    }

    /// Returns the versions of the libraries in the entrypoint next to a program; none if there is no entrypoint.
    package static func contents(beside program: FilePath) throws -> [String: String] {
        let file = program.appending("entrypoint").appending(descriptionName)
        guard try FileSystem.status(behind: file) != nil else { return [:] }
        let content = try FileSystem.read(file, limit: 1 << 20)
        do throws(JSONError) { return try JSONValue(parsing: content).textMap("contains") } catch {
            throw Failure("read \(file)", "\(error.reason); type: make entrypoint")
        }
    }

    /// Adds the layer to the store, which verifies it.
    package func add(to store: ImageStore) throws -> BuiltLayer {
        switch source {
        case .file(let file):
            try store.add(copying: file, as: layer.descriptor)
        case .entry(let path, let archive):
            if !store.contains(layer.descriptor) { try copy(path, of: archive, to: store) }
        }
        return layer
    }

    private func copy(_ path: [UInt8], of archive: FilePath, to store: ImageStore) throws {
        var reader = try LayerReader(at: archive)
        while let entry = try reader.next() {
            guard entry.path == path else { continue }
            var blob = try store.makeBlob(layer.descriptor)
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
            defer { buffer.deallocate() }
            while true {
                let count = try reader.read(into: buffer)
                if count == 0 { break }
                try blob.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
            return try blob.finish()
        }
        throw Failure("read \(archive)", "it has no \(String(decoding: path, as: UTF8.self))")
    }
}
