import ArgumentParser
import OCI
import POSIX
import Registry
import Secrets
import Terminal

/// `caasctl login`: checks a registry login and stores it where docker and podman also find it.
struct Login: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Log in to a registry, as docker login does.",
        discussion: """
            Checks the login, then stores it with the credential helper of docker's config.json, else in that file.

            caasctl login ghcr.io --username me --password-stdin <token.txt
            """)

    @Argument(help: "The registry's host, as in ghcr.io; docker.io for Docker Hub.")
    var registry: String

    @Option(help: ArgumentHelp("The user name at the registry.", valueName: "name"))
    var username: String

    @Flag(help: "Read the password or token from standard input instead of asking for it.")
    var passwordStdin = false

    @OptionGroup var connection: RegistryConnectionOptions

    func run() async throws {
        let registry = try Reference.registry(registry)
        guard passwordStdin || TerminalInput.isTerminal else {
            throw ValidationError("standard input is no terminal to ask on; give the password with --password-stdin")
        }
        let password = try Password.read(prompt: passwordStdin ? nil : "Password of \(username) at \(registry): ")
        try await connection.client(.none).checkLogin(registry, user: username, password)
        let login = try RegistryLogin(registry)
        let place = try await login.keep(user: username, password)
        if case .file(let path, let isShared) = place {
            let readers = isShared ? "others can read (chmod 600 mends it)" : "only you can read"
            StandardError.print("warning: the password stands in \(path), which \(readers); a credential helper")
            StandardError.print("would keep it better: https://docs.docker.com/go/credential-store/")
        }
        for other in try login.otherPlaces() where other.isAskedFirst {
            StandardError.print("warning: \(other.place) has a login for \(registry) too, and is asked first")
        }
        print("logged in to \(registry) as \(username); kept in \(place)")
    }
}
