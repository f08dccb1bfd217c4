import ArgumentParser
import ImageLayers
import ImageStore
import OCI
import Registry

/// The caches that a build of a Dockerfile shares with other machines, in the syntax of `docker buildx build`.
struct CacheOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Reuse RUN results from a cache in a registry; its writers control the image's content; repeatable.",
            valueName: "reference"))
    var cacheFrom: [String] = []

    @Option(
        help: ArgumentHelp(
            "Write the RUN results to a cache in a registry, replacing its content.", valueName: "reference"))
    var cacheTo: String?

    func validate() throws {
        _ = try sources()
        _ = try target()
    }

    private func sources() throws -> [Reference] { try cacheFrom.map(Self.reference) }

    private func target() throws -> Reference? { try cacheTo.map(Self.reference) }

    /// Parses `REFERENCE`, or `type=registry,ref=REFERENCE` with docker's optional `mode`, which is ignored.
    private static func reference(_ text: String) throws -> Reference {
        guard text.contains("=") else { return try Reference(text) }
        var fields: [String: String] = [:]
        for field in text.split(separator: ",") {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            fields[parts[0]] = parts.count == 2 ? parts[1] : ""
        }
        guard fields["type"] == "registry", let reference = fields["ref"],
            fields.keys.allSatisfy({ ["type", "ref", "mode"].contains($0) })
        else { throw ValidationError("a cache is REFERENCE or type=registry,ref=REFERENCE, not '\(text)'") }
        return try Reference(reference)
    }

    /// Returns the shared outcomes, nil where neither option is given; a cache that cannot be read is only a warning.
    func outcomes(from client: RegistryClient, report: @Sendable (BuildEvent) -> Void) async throws -> SharedOutcomes? {
        guard !cacheFrom.isEmpty || cacheTo != nil else { return nil }
        let outcomes = SharedOutcomes(source: client)
        for reference in try sources() {
            do { try await outcomes.learn(from: reference) } catch {
                report(.warning("the cache \(reference) is not used, since: \(error)"))
            }
        }
        return outcomes
    }

    /// Pushes the outcomes that the build used or made to the reference of `--cache-to`.
    func push(_ outcomes: SharedOutcomes?, by push: ImagePush) async throws {
        guard let outcomes, let target = try target() else { return }
        var push = push
        push.early = nil
        _ = try await push.push(try outcomes.image(in: push.store), to: target)
    }
}
