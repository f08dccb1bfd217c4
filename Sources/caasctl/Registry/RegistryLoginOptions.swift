import ArgumentParser
import Definitions
import POSIX
import Registry
import Secrets

/// The registry login of the command line, which takes precedence over docker's and podman's files.
struct RegistryLoginOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The user name at the registry; needs --password-stdin.", valueName: "name"))
    var username: String?

    @Flag(help: "Read the password or token from standard input; needs --username.")
    var passwordStdin = false

    func validate() throws {
        guard (username != nil) == passwordStdin else {
            throw ValidationError("--username and --password-stdin belong together")
        }
    }

    /// Returns credentials with the options' login for this registry, else the settings' login.
    ///
    /// Other registries keep the logins of docker's and podman's files.
    func credentials(for registry: String, _ settings: Settings) throws -> RegistryCredentials {
        var credentials = RegistryCredentials.standard()
        if let username {
            credentials.add(
                .password(user: username, try Password.read(prompt: nil), from: "--username"), for: registry)
        } else if let user = settings.text("REGISTRY_USERNAME"), let password = settings.secret("REGISTRY_PASSWORD") {
            credentials.add(
                .password(user: user, password, from: "REGISTRY_USERNAME and REGISTRY_PASSWORD"), for: registry)
        }
        return credentials
    }
}
