import Hashing
import HTTP
import JSON
import OCI
import POSIX
import SystemPackage
import Timestamps

/// Which uploads are under way, so that the next push goes on where a killed one was.
///
/// One small file for each blob and repository. Losing one costs a new upload and nothing else, so that no failure to
/// write one matters.
struct UploadJournal: Sendable {
    /// Registries forget sessions after a day or a week; older ones are not even asked for.
    private static let longestLife = 24 * 3600

    private let file: FilePath

    init(folder: FilePath, _ blob: Descriptor, _ access: RepositoryAccess) {
        let name = SHA256.hash(Array("\(access.registry)/\(access.repository)@\(blob.digest)".utf8)).hexadecimal
        file = folder.appending("\(name).json")
    }

    func load() -> UploadSession? {
        guard let content = try? FileSystem.read(file, limit: 64 << 10),
            let json = try? JSONValue(parsing: content),
            let begun = json["begun"]?.integer, Timestamp.now().seconds - begun < Self.longestLife,
            let location = (json["location"]?.string).flatMap({ try? HTTPURL($0) })
        else { return nil }
        return UploadSession(location: location)
    }

    /// Readable by its owner alone: a location may be all that one needs to write there.
    func keep(_ session: UploadSession) {
        let json: JSONValue = [
            "location": .string(session.location.text), "begun": .integer(Int(Timestamp.now().seconds)),
        ]
        try? FileSystem.makeFolder(file.removingLastComponent())
        try? FileSystem.write(json.encoded(), to: file, mode: 0o600)
    }

    func remove() { try? FileSystem.remove(file) }
}
