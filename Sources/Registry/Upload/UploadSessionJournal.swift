import Hashing
import HTTP
import JSON
import OCI
import POSIX
import SystemPackage
import Timestamps

/// A record of an unfinished upload, so that the next push can resume it after this process was killed.
///
/// There is one small file for each blob and repository. Losing one only costs a new upload, so failures to write it
/// are ignored.
struct UploadSessionJournal: Sendable {
    /// The age limit in seconds: registries drop sessions after a day or a week, so older ones are not tried.
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

    /// Writes the session with mode 0600: the location alone may suffice to write to the session.
    func keep(_ session: UploadSession) {
        let json: JSONValue = [
            "location": .string(session.location.text), "begun": .integer(Int(Timestamp.now().seconds)),
        ]
        try? FileSystem.makeFolder(file.removingLastComponent())
        try? FileSystem.write(json.encoded(), to: file, mode: 0o600)
    }

    func remove() { try? FileSystem.remove(file) }
}
