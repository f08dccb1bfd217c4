import ArgumentParser
import HTTP
import ObjectStorage
import POSIX
import Timestamps

/// `caasctl storage presign`: prints a URL that gives access to one object for a limited time.
struct StoragePresign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "presign", abstract: "Print a presigned URL that allows reading or writing one object.",
        discussion: """
            Anyone who has the URL can use it. No request is sent to the server. The URL cannot be revoked: it is \
            valid until it expires or the key that signed it becomes invalid.

            curl -fO "$(caasctl storage presign s3://runs/model.bin --expires 1h)"
            curl -fT model.bin "$(caasctl storage presign s3://runs/model.bin --method PUT --expires 20m)"
            """)

    @Argument(help: ArgumentHelp("The object, as s3://bucket/key.", valueName: "object"))
    var object: String
    @Option(help: ArgumentHelp("GET to read, PUT to write.", valueName: "GET|PUT"), transform: Self.method)
    var method = PresignedMethod.get
    @Option(
        help: ArgumentHelp("The URL's lifetime, from 1s to 7d, as in 20m or 8h; default: 1h.", valueName: "duration"),
        transform: Self.lifetime)
    var expires = PresignedLifetime.hour
    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let place = try options.stores().open(object)
        guard let store = place.store as? any PresigningStore else {
            throw StorageError(
                .other, "presign \(place.name)", "only objects of a bucket have URLs that others can use")
        }
        let url = try store.presign(method, place.key, for: expires)
        let end = Timestamp.now() + expires.seconds
        let verb = method == .get ? "read" : "write"
        StandardError.print("until \(end), whoever has this URL may \(verb) \(place.name)")
        print(url.text)
    }

    private static func lifetime(_ text: String) throws -> PresignedLifetime {
        guard let lifetime = PresignedLifetime(parsing: text) else {
            throw ValidationError("--expires takes a time from 1s to 7d, such as 20m or 8h, not '\(text)'")
        }
        return lifetime
    }

    private static func method(_ text: String) throws -> PresignedMethod {
        guard let method = PresignedMethod(rawValue: text.uppercased()), [.get, .put].contains(method) else {
            throw ValidationError("--method is GET or PUT, not '\(text)'")
        }
        return method
    }
}
