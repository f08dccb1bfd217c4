import HTTP
import Hashing
import JSON
package import OCI

/// The referrers of an image: signatures, lists of its contents, attestations.
///
/// Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers>.
extension RegistryClient {
    /// Returns the referrers of an image, optionally of one artifact type; for an index, those of the index itself.
    package func referrers(
        of image: Reference, artifactType: String? = nil
    ) async throws(RegistryError) -> [Descriptor] {
        do {
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
        let query = artifactType.map { "?artifactType=\(PercentEncoding.encode($0, keepingSlash: false))" } ?? ""
        let found: [Descriptor]
        do {
            found = try await pages(of: access.url("referrers/\(subject)\(query)"), access) {
                (json) in try ImageIndex(json: json).manifests
            }
        } catch {
            // A registry without the referrers API answers 404, or rejects the request as invalid.
            guard [.notFound, .refused].contains(error.code) else { throw error }
            found =
                try await fallback(FallbackTag(for: subject), access).map { (list) throws(RegistryError) in
                    try list.decoded { (json) in try ImageIndex(json: json).manifests }
                } ?? []
        }
        // The registry may or may not have applied the filter.
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

    /// Adds a manifest to the fallback list of its subject.
    ///
    /// Call it if the registry did not confirm that it processed the subject itself.
    func addToFallback(_ manifest: FetchedManifest, _ access: RepositoryAccess) async throws(RegistryError) {
        try await changeFallback(for: manifest, access) { entries in
            let digest = JSONValue.string("\(manifest.descriptor.digest)")
            guard !entries.contains(where: { $0["digest"] == digest }) else { return false }
            entries.append(FallbackTag.entry(for: manifest))
            return true
        }
    }

    /// Removes a deleted manifest from the fallback list of its subject.
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
        // The other entries stay as they were.
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
