import HTTP
import JSON
import OCI

/// A manifest or an index, with its bytes as received.
struct FetchedManifest: Sendable {
    let descriptor: Descriptor
    let content: [UInt8]
    let json: JSONValue

    func decoded<Value>(_ decode: (JSONValue) throws -> Value) throws(RegistryError) -> Value {
        do { return try decode(json) } catch {
            throw RegistryError(.unsuitable, "manifest \(descriptor.digest): \(error)")
        }
    }
}

extension RegistryClient {
    /// The size limit of manifests in bytes: every registry must accept this size, and caasctl reads no more.
    ///
    /// <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests>
    static let manifestLimit = 4 << 20

    /// The Accept value.
    ///
    /// A registry may convert a manifest unless the request accepts all four types; a conversion changes the digest.
    static let acceptedManifests = [MediaType.imageManifest, .imageIndex, .dockerManifest, .dockerManifestList]
        .map(\.description).joined(separator: ", ")

    /// Fetches a manifest by tag or digest, and verifies it against the digest.
    func manifest(_ identifier: String, _ access: RepositoryAccess) async throws(RegistryError) -> FetchedManifest {
        var request = HTTPRequest("GET", access.url("manifests/\(identifier)"))
        request.headers["Accept"] = Self.acceptedManifests
        // The header is optional, and only the registry's claim. A requested digest takes precedence.
        func promise(_ response: HTTPResponse) -> String? {
            identifier.hasPrefix("sha256:") ? identifier : response.headers["Docker-Content-Digest"]
        }
        let response = try await document(request, access, limit: Self.manifestLimit) { response in
            guard let promised = promise(response) else { return (try? JSONValue(parsing: response.body)) != nil }
            return promised == Digest(of: response.body).description
        }
        guard response.isSuccess else { throw await refusal(request, response, access) }
        let digest = Digest(of: response.body)
        let promised = promise(response)
        guard promised == nil || promised == digest.description else {
            throw RegistryError(
                .contentMismatch, "\(request.name) promised \(promised ?? ""), and its content is \(digest)")
        }
        let json: JSONValue
        do throws(JSONError) { json = try JSONValue(parsing: response.body) } catch {
            throw RegistryError(.unsuitable, "\(request.name) answered with no manifest: \(error.reason)")
        }
        let type = json["mediaType"]?.string ?? response.headers["Content-Type"] ?? ""
        let descriptor = Descriptor(mediaType: MediaType(type), digest: digest, size: Int64(response.body.count))
        guard descriptor.mediaType.isIndex || descriptor.mediaType.isImageManifest else {
            throw RegistryError(.unsuitable, "\(request.name) answered with '\(type)', which is no image that we know")
        }
        return FetchedManifest(descriptor: descriptor, content: response.body, json: json)
    }

    /// Returns a manifest and all that it leads to, each once and itself first; `image` is nil for an index.
    func manifests(
        from top: FetchedManifest, _ access: RepositoryAccess, where isWanted: (Descriptor) -> Bool = { _ in true }
    ) async throws(RegistryError) -> [(manifest: FetchedManifest, image: ImageManifest?)] {
        var found: [(manifest: FetchedManifest, image: ImageManifest?)] = []
        var known: Set<Digest> = [top.descriptor.digest]
        var waiting = [top]
        while let next = waiting.popLast() {
            guard next.descriptor.mediaType.isIndex else {
                found.append((next, try next.decoded { (json) in try ImageManifest(json: json) }))
                continue
            }
            found.append((next, nil))
            let index = try next.decoded { (json) in try ImageIndex(json: json) }
            for child in index.manifests where isWanted(child) && known.insert(child.digest).inserted {
                guard known.count <= ManifestLimits.manifests else {
                    throw RegistryError(.unsuitable, "it has more than \(ManifestLimits.manifests) manifests")
                }
                waiting.append(try await manifest("\(child.digest)", access))
            }
        }
        return found
    }

    /// Returns the digest of a tag's manifest; nil if it does not exist or the registry does not send the digest.
    func digest(of identifier: String, _ access: RepositoryAccess) async throws(RegistryError) -> Digest? {
        var request = HTTPRequest("HEAD", access.url("manifests/\(identifier)"))
        request.headers["Accept"] = Self.acceptedManifests
        let response = try await send(request, access)
        if response.status == 404 { return nil }
        guard response.isSuccess else { throw await refusal(request, response, access) }
        return response.headers["Docker-Content-Digest"].flatMap { try? Digest($0) }
    }

    /// Uploads a manifest under a tag or its digest.
    func put(
        _ manifest: FetchedManifest, as identifier: String, _ access: RepositoryAccess
    ) async throws(RegistryError) {
        let request = HTTPRequest(
            "PUT", access.url("manifests/\(identifier)"),
            headers: ["Content-Type": manifest.descriptor.mediaType.description], body: .bytes(manifest.content))
        let response = try await send(request, access)
        let stored = response.headers["Docker-Content-Digest"]
        // The specification demands 201. Another success status counts only with the digest that the registry stored.
        guard response.status == 201 || (response.isSuccess && stored != nil) else {
            throw await refusal(request, response, access)
        }
        guard stored == nil || stored == manifest.descriptor.digest.description else {
            throw RegistryError(
                .contentMismatch, "the registry took \(manifest.descriptor.digest) and says that it is \(stored ?? "")")
        }
        if manifest.subject != nil, response.headers["OCI-Subject"] == nil { try await addToFallback(manifest, access) }
    }
}
