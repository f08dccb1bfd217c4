import HTTP
import Hashing
import JSON
import OCI
import TestSupport
import Testing

/// The same requests to Debian's registry and to the test double, which holds the double to the specification.
@Suite struct ConformanceTests {
    @Test func `the double answers as the specification says`() async throws {
        let registry = try await StrictRegistry()
        for (number, row) in Self.rows.enumerated() {
            let seen = try await row.run(Probe(host: registry.host, repository: "row/r\(number)"))
            #expect(seen == row.expected, "\(row.name)")
        }
    }

    @Test func `docker-registry answers so too, but for what is known`() async throws {
        let registry = try await DockerRegistry()
        for (number, row) in Self.rows.enumerated() {
            let seen = try await row.run(Probe(host: registry.host, repository: "row/r\(number)"))
            #expect(seen == row.docker ?? row.expected, "\(row.name)")
        }
    }

    private static let rows = pushing + pulling + manifests + discovery + management

    private static let pushing: [Behaviour] = [
        Behaviour("ping", "200") { try await $0.send("GET", "/v2/").shown },
        Behaviour("PostOnly", "201", docker: "202") { probe in
            let digest = Digest(of: probe.content)
            return try await probe.send(
                "POST", "blobs/uploads/?digest=\(digest)", ["Content-Type": "application/octet-stream"], probe.content
            ).shown
        },
        Behaviour("PostPut", "202 201 200") { probe in
            let (begun, place) = try await probe.begin()
            let digest = Digest(of: probe.content)
            let closed = try await probe.close(place, digest, probe.content)
            let got = try await probe.send("GET", probe.location(closed))
            return "\(begun.shown) \(closed.shown) \(got.body == probe.content ? got.shown : "other bytes")"
        },
        Behaviour("PatchChunked", "202 0-9 202 0-62 201") { probe in
            let (_, place) = try await probe.begin()
            let first = try await probe.patch(place, 0..<10)
            let second = try await probe.patch(probe.location(first), 10..<probe.content.count)
            let closed = try await probe.close(probe.location(second), Digest(of: probe.content))
            return "\(first.shown) \(first.headers["Range"] ?? "") \(second.shown) \(second.headers["Range"] ?? "") "
                + closed.shown
        },
        // docker-registry 2.8 ignores Content-Range: <https://github.com/distribution/distribution/issues/3141>.
        Behaviour("PatchChunked out of order, asked and resumed", "416 204 0-9 202 201", docker: "202 204 0-52 202 400")
        {
            probe in
            let (_, place) = try await probe.begin()
            let first = try await probe.patch(place, 0..<10)
            let wrong = try await probe.patch(probe.location(first), 20..<probe.content.count)
            let last = wrong.headers["Location"] == nil ? try probe.location(first) : try probe.location(wrong)
            let asked = try await probe.send("GET", last)
            let resumed = try await probe.patch(probe.location(asked), 10..<probe.content.count)
            let closed = try await probe.close(probe.location(resumed), Digest(of: probe.content))
            return "\(wrong.status) \(asked.status) \(asked.headers["Range"] ?? "") \(resumed.status) \(closed.status)"
        },
        Behaviour("PutLastChunk", "202 201") { probe in
            let (_, place) = try await probe.begin()
            let first = try await probe.patch(place, 0..<10)
            let rest = Array(probe.content[10...])
            let closed = try await probe.close(probe.location(first), Digest(of: probe.content), rest, from: 10)
            return "\(first.shown) \(closed.shown)"
        },
        Behaviour("PatchStream", "202 201") { probe in
            let (_, place) = try await probe.begin()
            let first = try await probe.patch(place, 0..<probe.content.count, isStream: true)
            return "\(first.shown) \(try await probe.close(probe.location(first), Digest(of: probe.content)).shown)"
        },
        Behaviour("Mount", "201 200") { probe in
            let other = try Probe(host: probe.base.authority, repository: "other/place")
            let blob = try await other.push(probe.content)
            let mounted = try await probe.send("POST", "blobs/uploads/?mount=\(blob.digest)&from=other/place")
            return "\(mounted.shown) \(try await probe.send("HEAD", "blobs/\(blob.digest)").shown)"
        },
        Behaviour("MountAnonymous", "202") { probe in
            let blob = try await Probe(host: probe.base.authority, repository: "other/place").push(probe.content)
            return try await probe.send("POST", "blobs/uploads/?mount=\(blob.digest)").shown
        },
        Behaviour("MountMissing", "202 201") { probe in
            let digest = Digest(of: Array("nobody has this".utf8))
            let (offered, place) = try await probe.begin("?mount=\(digest)&from=other/none")
            return "\(offered.shown) \(try await probe.close(place, Digest(of: probe.content), probe.content).shown)"
        },
        Behaviour("PostCancel", "204 404 BLOB_UPLOAD_UNKNOWN") { probe in
            let (_, place) = try await probe.begin()
            return "\(try await probe.send("DELETE", place).shown) \(try await probe.send("GET", place).shown)"
        },
        Behaviour("a digest that is not the content's", "400 DIGEST_INVALID") { probe in
            let (_, place) = try await probe.begin()
            return try await probe.close(place, Digest(of: [1, 2, 3]), probe.content).shown
        },
        Behaviour("the empty blob", "201 200 0") { probe in
            let (_, place) = try await probe.begin()
            let closed = try await probe.close(place, Digest(of: []))
            let got = try await probe.send("GET", "blobs/\(Digest(of: []))")
            return "\(closed.shown) \(got.shown) \(got.body.count)"
        },
    ]

    private static let pulling: [Behaviour] = [
        Behaviour("HEAD of a blob", "200 63 404") { probe in
            let blob = try await probe.push(probe.content)
            let there = try await probe.send("HEAD", "blobs/\(blob.digest)")
            let none = try await probe.send("HEAD", "blobs/\(Digest(of: [9]))")
            return "\(there.shown) \(there.headers["Content-Length"] ?? "") \(none.status)"
        },
        Behaviour("GET of no blob", "404 BLOB_UNKNOWN") { probe in
            try await probe.send("GET", "blobs/\(Digest(of: [9]))").shown
        },
        // docker-registry 2.8 answers 416 with the Content-Length of the whole blob but a shorter body, which reads as
        // cut.
        Behaviour(
            "range GET", "206 bytes 10-19/63 206 bytes 60-62/63 416",
            docker: "206 bytes 10-19/63 206 bytes 60-62/63 cut"
        ) { probe in
            let blob = try await probe.push(probe.content)
            var seen: [String] = []
            for (range, bytes) in [("10-19", probe.content[10...19]), ("60-", probe.content[60...])] {
                let part = try await probe.send("GET", "blobs/\(blob.digest)", ["Range": "bytes=\(range)"])
                seen.append(
                    part.body == Array(bytes) ? "\(part.status) \(part.headers["Content-Range"] ?? "")" : "wrong")
            }
            let beyond = try? await probe.send("GET", "blobs/\(blob.digest)", ["Range": "bytes=99-"])
            seen.append(beyond.map { "\($0.status)" } ?? "cut")
            return seen.joined(separator: " ")
        },
    ]

    private static let manifests: [Behaviour] = [
        Behaviour("a manifest by tag and by digest", "201 201 same same 200 404 MANIFEST_UNKNOWN") { probe in
            let manifest = try await probe.image()
            let named = try await probe.put(manifest, as: "one")
            let pinned = try await probe.put(manifest, as: "\(manifest.digest)")
            var seen = [named.shown, pinned.shown]
            for name in ["one", "\(manifest.digest)"] {
                let got = try await probe.send("GET", "manifests/\(name)", ["Accept": "\(MediaType.imageManifest)"])
                let isSame =
                    got.body == manifest.encoded() && got.headers["Content-Type"] == "\(MediaType.imageManifest)"
                    && got.headers["Docker-Content-Digest"] == "\(manifest.digest)"
                seen.append(isSame ? "same" : "other")
            }
            let head = try await probe.send("HEAD", "manifests/one", ["Accept": "\(MediaType.imageManifest)"])
            seen += [head.shown, try await probe.send("GET", "manifests/none").shown]
            return seen.joined(separator: " ")
        },
        Behaviour("a manifest whose layer is missing", "MANIFEST_BLOB_UNKNOWN") { probe in
            var manifest = try await probe.image()
            let missing = Descriptor(mediaType: .layer, digest: Digest(of: [7]), size: 1)
            manifest["layers"] = .array([missing.json])
            return String(try await probe.put(manifest, as: "one").shown.drop { $0 != "M" })
        },
        Behaviour("a manifest that is no JSON", "400 MANIFEST_INVALID") { probe in
            let type = "\(MediaType.imageManifest)"
            return try await probe.send("PUT", "manifests/one", ["Content-Type": type], Array("{".utf8)).shown
        },
        Behaviour("a manifest with another digest", "400 DIGEST_INVALID") { probe in
            try await probe.put(try await probe.image(), as: "\(Digest(of: [1]))").shown
        },
        Behaviour("another type in the field than in the document", "400 MANIFEST_INVALID") { probe in
            try await probe.put(try await probe.image(), as: "one", .dockerManifest).shown
        },
        Behaviour("a large manifest, and one that is too large", "201 413", docker: "201 400") { probe in
            var seen: [String] = []
            for size in [(4 << 20) - 2000, (4 << 20) + 1] {
                let filler = JSONValue.string(String(repeating: "x", count: size))
                let manifest = try await probe.image(["annotations": ["filler": filler]])
                seen.append("\(try await probe.put(manifest, as: "large").status)")
            }
            return seen.joined(separator: " ")
        },
        Behaviour("an index, one in an index, and an empty one", "201 201 201") { probe in
            let image = try await probe.image()
            _ = try await probe.put(image, as: "\(image.digest)")
            func descriptor(_ document: JSONValue, _ type: MediaType) -> Descriptor {
                Descriptor(mediaType: type, digest: document.digest, size: Int64(document.encoded().count))
            }
            let index = ImageIndex(manifests: [descriptor(image, .imageManifest)]).json
            let first = try await probe.put(index, as: "\(index.digest)", .imageIndex)
            let nested = ImageIndex(manifests: [descriptor(index, .imageIndex)]).json
            let second = try await probe.put(nested, as: "nested", .imageIndex)
            let empty = try await probe.put(ImageIndex(manifests: []).json, as: "empty", .imageIndex)
            return "\(first.shown) \(second.shown) \(empty.shown)"
        },
        Behaviour("artifact, custom fields, data and no layers come back as they went", "same same same same") {
            probe in
            let more: [JSONValue] = [
                ["artifactType": "application/vnd.example"], ["x-custom": ["a": [1, 2, .null]]],
                ["annotations": ["org.example": "ü \"quoted\""]],
            ]
            var seen: [String] = []
            for (number, fields) in (more + [[:]]).enumerated() {
                let manifest = try await probe.image(fields, layers: number == 3 ? 0 : 1)
                _ = try await probe.put(manifest, as: "m\(number)")
                let got = try await probe.send("GET", "manifests/m\(number)", ["Accept": "\(MediaType.imageManifest)"])
                seen.append(got.body == manifest.encoded() ? "same" : got.shown)
            }
            return seen.joined(separator: " ")
        },
    ]

    private static let discovery: [Behaviour] = [
        // docker-registry 2.8 returns all tags at once and in no fixed order.
        Behaviour("tags list, and its pages", "a,b,c,d a,b c,d none", docker: "a,b,c,d unpaged") { probe in
            let manifest = try await probe.image()
            for tag in ["c", "a", "d", "b"] { _ = try await probe.put(manifest, as: tag) }
            func tags(_ response: HTTPResponse) throws -> String {
                try JSONValue(parsing: response.body).texts("tags").joined(separator: ",")
            }
            let all = try await probe.send("GET", "tags/list")
            let first = try await probe.send("GET", "tags/list?n=2")
            guard let link = first.headers["Link"] else {
                return try JSONValue(parsing: all.body).texts("tags").sorted().joined(separator: ",") + " unpaged"
            }
            let next = link.drop { $0 != "<" }.dropFirst().prefix { $0 != ">" }
            let second = try await probe.send("GET", probe.base.resolving(String(next)))
            return "\(try tags(all)) \(try tags(first)) \(try tags(second)) \(second.headers["Link"] ?? "none")"
        },
        Behaviour("tags of no repository", "404 NAME_UNKNOWN") { try await $0.send("GET", "tags/list").shown },
        Behaviour("a name that cannot be", "400", docker: "404") {
            "\(try await $0.send("GET", "/v2/UPPER/tags/list").status)"
        },
        // The referrers API is newer than docker-registry 2.8.
        Behaviour(
            "subject and referrers", "201 subject 200 1 1 0 200 0", docker: "201 none 404 0 0 0 404 0"
        ) { probe in
            let subject = try await probe.image()
            _ = try await probe.put(subject, as: "subject")
            let descriptor = Descriptor(
                mediaType: .imageManifest, digest: subject.digest, size: Int64(subject.encoded().count))
            let artifact = try await probe.image([
                "subject": descriptor.json, "artifactType": "application/vnd.example",
            ])
            let put = try await probe.put(artifact, as: "\(artifact.digest)")
            let isSubject = put.headers["OCI-Subject"] == "\(subject.digest)"
            func list(_ query: String) async throws -> (Int, Int) {
                let response = try await probe.send("GET", "referrers/\(query)")
                let document = try? JSONValue(parsing: response.body)
                return (response.status, document?["manifests"]?.array?.count ?? 0)
            }
            let all = try await list("\(subject.digest)")
            let same = try await list("\(subject.digest)?artifactType=application%2Fvnd.example")
            let other = try await list("\(subject.digest)?artifactType=application%2Fvnd.other")
            let nobody = try await list("\(Digest(of: [5]))")
            return "\(put.shown) \(isSubject ? "subject" : "none") \(all.0) \(all.1) \(same.1) \(other.1) "
                + "\(nobody.0) \(nobody.1)"
        },
        Behaviour("a subject that is not there", "201") { probe in
            let missing = Descriptor(mediaType: .imageManifest, digest: Digest(of: [4]), size: 1)
            let artifact = try await probe.image(["subject": missing.json])
            return try await probe.put(artifact, as: "\(artifact.digest)").shown
        },
    ]

    private static let management: [Behaviour] = [
        Behaviour("deleting a tag leaves its manifest", "202 404 200", docker: "400 200 200") { probe in
            let manifest = try await probe.image()
            _ = try await probe.put(manifest, as: "one")
            let gone = try await probe.send("DELETE", "manifests/one").status
            let accept: HTTPHeaders = ["Accept": "\(MediaType.imageManifest)"]
            let tag = try await probe.send("GET", "manifests/one", accept).status
            return "\(gone) \(tag) \(try await probe.send("GET", "manifests/\(manifest.digest)", accept).status)"
        },
        Behaviour("deleting a manifest takes its tags", "202 404 404") { probe in
            let manifest = try await probe.image()
            _ = try await probe.put(manifest, as: "one")
            let gone = try await probe.send("DELETE", "manifests/\(manifest.digest)").status
            let tag = try await probe.send("GET", "manifests/one").status
            return "\(gone) \(tag) \(try await probe.send("GET", "manifests/\(manifest.digest)").status)"
        },
        Behaviour("deleting a blob", "202 404") { probe in
            let blob = try await probe.push(probe.content)
            let gone = try await probe.send("DELETE", "blobs/\(blob.digest)").status
            return "\(gone) \(try await probe.send("HEAD", "blobs/\(blob.digest)").status)"
        },
    ]
}
