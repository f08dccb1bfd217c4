import HTTP
import JSON
package import OCI

/// What refers to an image: signatures, lists of what is in it, attestations.
///
/// Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers>.
extension RegistryClient {
    /// Everything that refers to an image, or only what is of one type; of an index, what refers to the index itself.
    package func referrers(
        of image: Reference, artifactType: String? = nil
    ) async throws(RegistryError) -> [Descriptor] {
        do throws(RegistryError) {
            let access = try access(image, Scope.pull)
            let subject: Digest
            if let digest = image.digest {
                subject = digest
            } else {
                subject = try await manifest(image.identifier, access).descriptor.digest
            }
            return try await referrers(of: subject, artifactType: artifactType, access)
        } catch { throw error.during("list what refers to \(image)") }
    }

    func referrers(
        of subject: Digest, artifactType: String? = nil, _ access: RepositoryAccess
    ) async throws(RegistryError) -> [Descriptor] {
        let query = artifactType.map { "?artifactType=\(TokenRequest.encoded($0))" } ?? ""
        let found: [Descriptor]
        do throws(RegistryError) {
            found = try await pages(of: access.url("referrers/\(subject)\(query)"), access) {
                (json) throws(JSONError) in try ImageIndex(json: json).manifests
            }
        } catch {
            // A registry that does not know the question says 404 to it, or that it is none.
            guard [.notFound, .refused].contains(error.code) else { throw error }
            found =
                try await fallback(FallbackTag(for: subject), access).map { (list) throws(RegistryError) in
                    try list.decoded { (json) throws(JSONError) in try ImageIndex(json: json).manifests }
                } ?? []
        }
        // Whether the registry has left out other types or not.
        guard let artifactType else { return found }
        return found.filter { $0.artifactType == artifactType }
    }

    private func fallback(
        _ tag: FallbackTag, _ access: RepositoryAccess
    ) async throws(RegistryError) -> FetchedManifest? {
        do throws(RegistryError) {
            let list = try await manifest("\(tag)", access)
            guard list.descriptor.mediaType.isIndex else {
                throw RegistryError(.unsuitable, "tag \(tag) is to list what refers to an image, and is no list")
            }
            return list
        } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    /// Adds a manifest to the list of what refers to its subject, where the registry has said nothing of doing so itself.
    func addToFallback(_ manifest: FetchedManifest, _ access: RepositoryAccess) async throws(RegistryError) {
        try await changeFallback(for: manifest, access) { entries in
            let digest = JSONValue.string("\(manifest.descriptor.digest)")
            guard !entries.contains(where: { $0["digest"] == digest }) else { return false }
            entries.append(FallbackTag.entry(for: manifest))
            return true
        }
    }

    /// Takes a manifest that is gone from the list of what refers to its subject.
    func removeFromFallback(_ manifest: FetchedManifest, _ access: RepositoryAccess) async throws(RegistryError) {
        try await changeFallback(for: manifest, access) { entries in
            let digest = JSONValue.string("\(manifest.descriptor.digest)")
            let count = entries.count
            entries.removeAll { $0["digest"] == digest }
            return entries.count < count
        }
    }

    private func changeFallback(
        for manifest: FetchedManifest, _ access: RepositoryAccess, _ change: (inout [JSONValue]) -> Bool
    ) async throws(RegistryError) {
        guard let subject = manifest.subject else { return }
        let tag = FallbackTag(for: subject)
        // Others' entries stay as they came.
        var list = try await fallback(tag, access)?.json ?? ImageIndex(manifests: []).json
        var entries = list["manifests"]?.array ?? []
        guard change(&entries) else { return }
        list["manifests"] = .array(entries)
        let content = list.encoded()
        let descriptor = Descriptor(
            mediaType: .imageIndex, digest: Digest(of: content), size: Int64(content.count))
        try await put(FetchedManifest(descriptor: descriptor, content: content, json: list), as: "\(tag)", access)
    }
}
