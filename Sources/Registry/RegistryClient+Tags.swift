import HTTP
import JSON
package import OCI
import Wording

/// Listing tags and deleting images.
extension RegistryClient {
    /// Returns the tags of a repository in the registry's order; the reference's own tag is ignored.
    ///
    /// Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags>.
    package func tags(of repository: Reference) async throws(RegistryError) -> [String] {
        do throws(RegistryError) {
            let access = try access(repository, Scope.pull)
            return try await pages(of: access.url("tags/list"), access) { (json) in
                // A repository without tags may return null.
                try json.texts("tags")
            }
        } catch { throw error.during("list the tags of \(repository.name)") }
    }

    /// Deletes an image by digest, with every tag that points to it, or only a tag.
    ///
    /// Layers remain until the registry collects garbage.
    /// Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#content-management>.
    package func delete(_ reference: Reference) async throws(RegistryError) {
        do throws(RegistryError) {
            let access = try access(reference, Scope.delete)
            // Fetched first, since its entry in the fallback list of its subject is removed too.
            let manifest = reference.digest == nil ? nil : try? await manifest(reference.identifier, access)
            let request = HTTPRequest("DELETE", access.url("manifests/\(reference.identifier)"))
            let response = try await send(request, access)
            guard response.isSuccess else {
                let refusal = await refusal(request, response, access)
                // Registries refuse to delete a single tag in several ways: 405, 400, or an error about an invalid
                // digest.
                let isTagRefused = reference.digest == nil && [400, 404, 405, 501].contains(response.status)
                guard isTagRefused, let digest = try await digest(of: reference.identifier, access) else {
                    throw refusal
                }
                throw refusal.adding(
                    "this registry removes no tag alone: \(reference.name)@\(digest) removes the image with all its tags"
                )
            }
            if let manifest { try await removeFromFallback(manifest, access) }
        } catch { throw error.during("delete \(reference)") }
    }

    /// Returns the elements of a paginated list, in which each response links to the next page.
    func pages<Element: Sendable>(
        of url: HTTPURL, _ access: RepositoryAccess, _ read: (JSONValue) throws -> [Element]
    ) async throws(RegistryError) -> [Element] {
        var elements: [Element] = []
        var next: HTTPURL? = url
        var seen: Set<String> = []
        while let page = next {
            // Stops at a page that was already read, which would otherwise repeat for ever.
            guard seen.insert(page.text).inserted, seen.count <= 10_000 else {
                throw RegistryError(.refused, "the pages of \(url) lead in a circle")
            }
            let request = HTTPRequest("GET", page)
            let response = try await document(request, access)
            guard response.isSuccess else { throw await refusal(request, response, access) }
            do { elements += try read(try JSONValue(parsing: response.body)) } catch {
                throw RegistryError(.refused, "\(request.name) answered with no list: \(Failure.reason(of: error))")
            }
            next = try Self.next(in: response).map { (link) throws(RegistryError) in
                do throws(HTTPError) {
                    let next = try page.resolving(link)
                    guard next.hasSameOrigin(as: page) else {
                        throw HTTPError(.invalidURL, request.name, "the next page is on another host")
                    }
                    return next
                } catch { throw RegistryError(.refused, error.reason) }
            }
        }
        return elements
    }

    /// The target of `Link: <…>; rel="next"`. <https://www.rfc-editor.org/rfc/rfc8288>
    static func next(in response: HTTPResponse) -> String? {
        guard let field = response.headers["Link"] else { return nil }
        for link in field.split(separator: ",") where link.contains(#"rel="next""#) || link.contains("rel=next") {
            guard let start = link.firstIndex(of: "<"), let end = link.firstIndex(of: ">"), start < end else {
                continue
            }
            return String(link[link.index(after: start)..<end])
        }
        return nil
    }
}
