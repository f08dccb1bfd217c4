import ArgumentParser
import OCI
import POSIX
import Registry

/// `caasctl logout`: removes the login that `caasctl login` or `docker login` stored.
struct Logout: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Remove the stored login of a registry.")

    @Argument(help: "The registry's host, as in ghcr.io; docker.io for Docker Hub.")
    var registry: String

    func run() async throws {
        let registry = try Reference.registry(registry)
        let login = try RegistryLogin(registry)
        if let place = try await login.forget() {
            print("logged out of \(registry); removed from \(place)")
        } else {
            print("there was no login for \(registry)")
        }
        for other in try login.otherPlaces() {
            StandardError.print("note: \(other.place) may still have a login for \(registry)")
        }
    }
}
