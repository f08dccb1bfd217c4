import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Builds small images with the built program in a temporary folder.
struct BuildFixture {
    let folder: TemporaryFolder
    /// The home folder of caasctl, which contains the store.
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

    /// Starts a build that runs concurrently with the test.
    func start(_ arguments: String...) throws -> RunningProgram {
        try RunningProgram(Checkout.program("caasctl"), arguments, environment: environment, log: folder("log"))
    }

    /// Writes an image definition with files that do not compress.
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

    /// Checks that each blob matches its digest, that the index can be read, and that each tag's image is complete.
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

    /// Returns the unfinished files below a folder, without those that record which processes use the store.
    func leftovers(in folder: FilePath) async throws -> [String] {
        let found = try await Command("find", [folder.string, "-name", ".*.tmp", "!", "-path", "*/sessions/*"])
            .succeed()
        return found.split(separator: "\n").map(String.init)
    }
}
