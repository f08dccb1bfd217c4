import POSIX
import SystemPackage
import TestSupport

/// A user without any registry login, whose environment has no registry settings.
struct Stranger {
    let folder: TemporaryFolder

    /// Creates the user's folder with the definition of a small image, `app`.
    init() throws {
        folder = try TemporaryFolder()
        try folder.write(
            "images/app/image.yaml",
            "name: app\nbase: scratch\nlayers:\n  - files: {from: files, into: /opt}\n"
                + "  - files: {from: more, into: /srv}\ncommand: [/bin/true]\n")
        try folder.write("images/app/files/text", "one")
        try folder.write("images/app/more/text", "two")
    }

    func caasctl(_ arguments: [String], _ environment: [String: String?] = [:]) -> Command {
        var nothing: [String: String?] = ["HOME": folder("user").string]
        var names = [
            "REGISTRY_USERNAME", "REGISTRY_PASSWORD", "REGISTRY_AUTH_FILE", "NETRC", "XDG_RUNTIME_DIR", "SSL_CERT_FILE",
            "XDG_CONFIG_HOME", "DOCKER_AUTH_CONFIG",
        ]
        for name in ["http", "https", "all", "no"] { names += ["\(name)_proxy", "\(name.uppercased())_PROXY"] }
        for name in names { nothing[name] = .some(nil) }
        return .caasctl(arguments, in: folder, environment: nothing.merging(environment) { $1 })
    }
}
