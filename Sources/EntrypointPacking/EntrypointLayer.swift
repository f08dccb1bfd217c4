import Archive
import ImageLayers
import JSON
package import OCI
import POSIX
import RunContract
import Processes
package import SystemPackage
import Wording

/// Packs the layer with caas-entrypoint from the program that was built on this machine.
package enum EntrypointLayer {
    /// The folder of the layer's files in an image.
    private static let root = ReservedPaths.Image.root
    /// An opaque whiteout hides the base's files in this folder, which could be mistaken for the layer's own files.
    ///
    /// <https://github.com/opencontainers/image-spec/blob/main/layer.md#opaque-whiteout>
    private static let whiteout = ".wh..wh..opq"

    /// The prefix of the layer's annotations, each of which has the version of one library.
    private static let annotation = "caasctl.contains."

    private struct Content {
        let name: String
        let mode: UInt32
        let bytes: [UInt8]
    }

    /// Packs the program with Mozilla's certificates, and returns the digest of the blob.
    ///
    /// The same inputs give the same bytes. The folder gets `layer.tar.gz` and, last, `layer.json`, which describes it.
    /// Both list the libraries that are linked into the program: the layer in its `contains.json`, the description in
    /// the annotations for the layer's descriptor in an image's manifest.
    package static func pack(_ program: FilePath, to folder: FilePath) async throws -> Digest {
        let stripped = try await strip(program)
        let elf = try ELFFile(stripped, name: program.string)
        guard let architecture = elf.architecture else {
            throw Failure("pack \(program)", "it is no program for amd64 or arm64")
        }
        guard elf.isStatic else {
            throw Failure(
                "pack \(program)",
                "it is linked dynamically, so an image could load its own code into it; "
                    + "type: make entrypoint")
        }
        let whole = try FileSystem.read(program, limit: 1 << 30)
        let contained = try LinkedVersions(of: whole, from: BuildOrigin(ofBuilt: program)).texts
        let list = JSONValue.object(contained.mapValues(JSONValue.string)).prettyEncoded()
        let contents = [
            Content(name: whiteout, mode: 0o644, bytes: []),
            Content(name: "ca.pem", mode: 0o644, bytes: try certificates()),
            Content(name: "caas-entrypoint", mode: 0o755, bytes: stripped),
            Content(name: "contains.json", mode: 0o644, bytes: list),
        ]
        return try write(contents, architecture: architecture, contained: contained, to: folder)
    }

    /// Returns the program without its symbols, which are most of the file.
    private static func strip(_ program: FilePath) async throws -> [UInt8] {
        // Beside the program, since nothing says that there is a /tmp.
        let folder = try FileSystem.makeTemporaryFolder(in: program.removingLastComponent(), prefix: ".strip-")
        defer { try? FileSystem.removeTree(folder) }
        let copy = folder.appending("caas-entrypoint")
        let strip = ExternalProgram(name: "strip", advice: "it is in Debian's binutils")
        let outcome = try await strip.outcome(["--strip-all", "-o", copy.string, program.string])
        guard outcome.succeeded else { throw Failure("strip \(program)", outcome.errors) }
        return try FileSystem.read(copy, limit: 512 << 20)
    }

    /// Returns only Mozilla's certificates, without others that this machine trusts.
    private static func certificates() throws -> [UInt8] {
        let folder: FilePath = "/usr/share/ca-certificates/mozilla"
        do throws(POSIXError) {
            var pem: [UInt8] = []
            for name in try FileSystem.names(in: folder) where name.string.hasSuffix(".crt") {
                pem += try FileSystem.read(folder.appending(name))
                if pem.last != 0x0A { pem.append(0x0A) }
            }
            if !pem.isEmpty { return pem }
        } catch {
            throw Failure("pack the certificates", "\(error); they are in Debian's ca-certificates")
        }
        throw Failure("pack the certificates", "\(folder) holds none")
    }

    private static func write(
        _ contents: [Content], architecture: String, contained: [String: String], to folder: FilePath
    ) throws -> Digest {
        do {
            try FileSystem.makeFolder(folder, mode: 0o777)
            let blob = folder.appending("layer.tar.gz")
            let temporary = FileSystem.temporaryPath(beside: blob)
            defer { try? FileSystem.remove(temporary) }
            var writer = try LayerWriter(
                writingTo: File(temporary, .create(mode: 0o666)), compression: .gzipPortable(level: 9, threads: 2))
            let directory = Array(root.dropFirst().utf8)
            try writer.append(
                ArchiveEntry(.directory, path: directory, mode: 0o755, modified: ImageEpoch.standard))
            for content in contents {
                let entry = ArchiveEntry(
                    .regular, path: directory + Array("/\(content.name)".utf8), mode: content.mode,
                    modified: ImageEpoch.standard)
                try writer.append(entry, content: content.bytes)
            }
            let layer = try writer.finish()
            try FileSystem.rename(temporary, to: blob)
            let digest = Digest(sha256: layer.digest)
            let record: JSONValue = [
                "digest": .string(digest.description), "diff_id": .string(Digest(sha256: layer.diffID).description),
                "size": .integer(layer.size), "architecture": .string(architecture),
                "contains": .object(contained.mapValues(JSONValue.string)),
                "annotations": .object(
                    Dictionary(
                        uniqueKeysWithValues: contained.map { (annotation + $0.key, JSONValue.string($0.value)) })),
            ]
            try FileSystem.write(record.prettyEncoded(), to: folder.appending("layer.json"))
            return digest
        } catch { throw Failure("write the entrypoint layer", "\(error)") }
    }
}
