import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Small images that the built program makes in a folder of a test's own.
struct BuildFixture {
    let folder: TemporaryFolder
    /// Where the store is.
    var home: FilePath

    init() throws {
        folder = try TemporaryFolder()
        home = folder("home")
    }

    var store: FilePath { home.appending("store") }

    private var environment: [String: String?] {
        ["CAASCTL_HOME": home.string, "SOURCE_DATE_EPOCH": nil, "DOCKER_CONFIG": folder("docker").string]
    }

    func caasctl(_ arguments: String...) -> Command {
        Command(Checkout.program("caasctl"), arguments, environment: environment, in: folder.path)
    }

    /// Starts a build beside the test.
    func start(_ arguments: String...) throws -> RunningProgram {
        try RunningProgram(Checkout.program("caasctl"), arguments, environment: environment, log: folder("log"))
    }

    /// Writes an image of some files that do not compress.
    func writeImage(_ name: String, layers: Int = 1, megabytes: Int = 1, platforms: String = "linux/amd64") async throws
    {
        var yaml = "name: \(name)\nbase: scratch\nplatforms: [\(platforms)]\ncommand: [/bin/true]\nlayers:\n"
        for layer in 0..<layers {
            yaml += "  - files: {from: files/\(layer), into: /opt/\(layer)}\n"
            let place = folder("images/\(name)/files/\(layer)")
            try FileSystem.makeFolder(place)
            let script = "for n in 1 2 3 4; do head -c \(megabytes << 20) /dev/urandom >$n; done"
            try await Command("sh", ["-ec", script], in: place).succeed()
        }
        try folder.write("images/\(name)/image.yaml", yaml)
    }

    /// Every blob is what its name says, the index can be read, and every name leads to a whole image.
    func expectValidStore(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let blobs = store.appending("blobs/sha256")
        guard FileSystem.exists(blobs) else { return }
        for blob in try FileSystem.names(in: blobs) {
            let digest = Digest(of: try FileSystem.read(blobs.appending(blob)))
            #expect(digest.hexadecimal == blob.string, sourceLocation: sourceLocation)
        }
        guard FileSystem.exists(store.appending("oci-layout")) else { return }
        let index = try JSONValue(parsing: try FileSystem.read(store.appending("index.json")))
        for entry in try index.list("manifests") {
            let digest = try Digest(entry.text("digest"))
            try expectWhole(digest, in: blobs, sourceLocation)
        }
    }

    private func expectWhole(_ digest: Digest, in blobs: FilePath, _ sourceLocation: SourceLocation) throws {
        let path = blobs.appending(digest.hexadecimal)
        try #require(FileSystem.exists(path), "\(digest)", sourceLocation: sourceLocation)
        guard let json = try? JSONValue(parsing: FileSystem.read(path)) else { return }
        let named = try json.list("manifests") + json.list("layers") + [json["config"]].compactMap(\.self)
        for entry in named where entry["digest"] != nil {
            try expectWhole(try Digest(entry.text("digest")), in: blobs, sourceLocation)
        }
    }

    /// Files that were not finished, below a folder; what processes note of their use of the store is not among them.
    func leftovers(in folder: FilePath) async throws -> [String] {
        let found = try await Command("find", [folder.string, "-name", ".*.tmp", "!", "-path", "*/sessions/*"])
            .succeed()
        return found.split(separator: "\n").map(String.init)
    }
}
