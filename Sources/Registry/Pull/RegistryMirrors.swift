import HTTP
import OCI
import POSIX
import Wording

/// Mirrors of registries, such as a nearby cache of Docker Hub.
///
/// Mirrors are only read, in order and before the registry itself. Their content is verified like any other.
package struct RegistryMirrors: Sendable, Hashable {
    private struct Place: Hashable {
        let registry: String
        /// The path in front of the repository's own name, such as `proxy/hub`.
        let prefix: String
    }

    private var places: [String: [Place]] = [:]

    package static let none = RegistryMirrors()

    private init() {}

    /// Parses mirrors such as `docker.io=mirror.example.com/hub`; a registry may have several.
    package init(_ texts: [String]) throws {
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                throw Failure(
                    "read mirror '\(text)'", "it is not REGISTRY=HOST[/PREFIX], as in docker.io=mirror.gcr.io")
            }
            let registry = try Reference.registry(parts[0])
            let names = parts[1].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let host = try Reference.registry(names[0])
            // A prefix that is invalid in every reference is an error now rather than at the first pull.
            let place = Place(registry: host, prefix: names.count == 2 ? names[1] : "")
            _ = try Self.reference("a", tag: nil, at: place)
            places[registry, default: []].append(place)
        }
    }

    /// Parses the mirrors of `CAASCTL_REGISTRY_MIRRORS`, which spaces or commas separate.
    package static func standard(environment: [String: String] = ProcessEnvironment.all()) throws -> RegistryMirrors {
        let text = environment["CAASCTL_REGISTRY_MIRRORS"] ?? ""
        return try RegistryMirrors(text.split { $0 == " " || $0 == "," }.map(String.init))
    }

    /// Returns the same image at each mirror of its registry.
    func references(for reference: Reference) -> [Reference] {
        (places[reference.registry] ?? []).compactMap { place in
            let mirrored = try? Self.reference(reference.repository, tag: reference.tag, at: place)
            return reference.digest.flatMap { mirrored?.pinned(to: $0) } ?? mirrored
        }
    }

    private static func reference(_ repository: String, tag: String?, at place: Place) throws -> Reference {
        let path = place.prefix.isEmpty ? repository : "\(place.prefix)/\(repository)"
        return try Reference(registry: place.registry, repository: path, tag: tag)
    }
}

extension RegistryClient {
    /// Reads from the mirrors of a reference's registry in turn, then from the registry itself if all mirrors fail.
    func read<Value: Sendable>(
        _ reference: Reference,
        _ body: (RegistryClient, RepositoryAccess) async throws(RegistryError) -> Value
    ) async throws(RegistryError) -> Value {
        var refusals: [String] = []
        // An unreachable mirror gets fewer attempts than the registry, so that it does not cost as much time.
        let hasty = RegistryClient(like: self, attempts: min(2, retries.attempts))
        for mirror in mirrors.references(for: reference) {
            do throws(RegistryError) { return try await body(hasty, try hasty.access(mirror, Scope.pull)) } catch {
                guard ![.cancelled, .local].contains(error.code) else { throw error }
                refusals.append("mirror \(mirror.registry): \(error.reason)")
            }
        }
        do throws(RegistryError) { return try await body(self, try access(reference, Scope.pull)) } catch {
            throw refusals.isEmpty ? error : error.adding(refusals.joined(separator: "; "))
        }
    }
}
