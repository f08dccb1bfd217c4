import JSON
import OCI
import Testing
import Wording

@Suite struct DocumentTests {
    private let digest = Digest(of: Array("abc".utf8))

    @Test func `a digest is what hashes to it`() throws {
        #expect(digest.description == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(digest.short == "ba7816bf8f01")
        #expect(try Digest(digest.description) == digest)
        for text in ["", "sha256:", "sha512:00", "ba7816bf", digest.description + "0", "SHA256:" + digest.hexadecimal] {
            #expect(throws: Failure.self) { try Digest(text) }
        }
    }

    @Test func `a descriptor survives JSON, and unknown members do not matter`() throws {
        let text = """
            {"mediaType":"a/b; charset=utf-8","digest":"\(digest)","size":7,"urls":["x"],"data":"e30=",
             "platform":{"os":"linux","architecture":"arm64","variant":"v8","os.version":"1"},"annotations":{"k":"v"}}
            """
        let descriptor = try Descriptor(json: JSONValue(parsing: text))
        #expect(descriptor.mediaType.description == "a/b")
        #expect(descriptor.platform?.description == "linux/arm64/v8")
        #expect(descriptor.annotations == ["k": "v"])
        #expect(descriptor.urls == ["x"])
        #expect(try Descriptor(json: descriptor.json) == descriptor)
    }

    @Test(arguments: [
        #"{"digest":"sha256:00","size":1,"mediaType":"a"}"#, #"{"size":1,"mediaType":"a"}"#,
        #"{"digest":"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","size":-1,"mediaType":"a"}"#,
        #"{"digest":"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","size":1.5,"mediaType":"a"}"#,
        // Two of these would be more than a number of 64 bits.
        #"{"digest":"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","size":9223372036854775807,"mediaType":"a"}"#,
        #"{"digest":"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","size":1}"#, "[]", "null",
    ])
    func `a descriptor that says nothing is refused`(text: String) {
        #expect(throws: JSONError.self) { try Descriptor(json: JSONValue(parsing: text)) }
    }

    @Test func `of an index the first manifest that fits counts, and attestations never do`() throws {
        func child(_ platform: String?, _ size: Int64) throws -> Descriptor {
            Descriptor(
                mediaType: .imageManifest, digest: digest, size: size, platform: try platform.map { try Platform($0) })
        }
        let index = ImageIndex(manifests: [
            try child("unknown/unknown", 0), try child(nil, 1), try child("linux/amd64", 2),
            try child("linux/arm64/v8", 3),
            try child("linux/amd64", 4),
        ])
        #expect(index.manifest(for: try Platform("linux/amd64"))?.size == 2)
        #expect(index.manifest(for: try Platform("linux/arm64"))?.size == 3)
        #expect(index.manifest(for: try Platform("linux/arm64/v8"))?.size == 3)
        #expect(index.manifest(for: try Platform("windows/amd64")) == nil)
        #expect(try ImageIndex(json: index.json) == index)
    }

    @Test(arguments: ["", "linux", "linux/", "/amd64", "linux/a/b/c"])
    func `what is no platform is refused`(text: String) { #expect(throws: Failure.self) { try Platform(text) } }

    @Test(arguments: [
        ("application/vnd.docker.image.rootfs.diff.tar.gzip", "application/vnd.oci.image.layer.v1.tar+gzip"),
        ("application/vnd.docker.image.rootfs.diff.tar.zstd", "application/vnd.oci.image.layer.v1.tar+zstd"),
        ("application/vnd.docker.image.rootfs.diff.tar", "application/vnd.oci.image.layer.v1.tar"),
        (
            "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
            "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
        ), ("application/vnd.oci.image.layer.v1.tar+zstd", "application/vnd.oci.image.layer.v1.tar+zstd"),
        ("application/vnd.docker.image.rootfs.other", "application/vnd.docker.image.rootfs.other"),
    ])
    func `Docker's types of layers have OCI's names`(docker: String, oci: String) {
        #expect(MediaType(docker).asOCI == MediaType(oci))
    }

    @Test func `a manifest survives JSON`() throws {
        let descriptor = Descriptor(mediaType: .layer, digest: digest, size: 3)
        let manifest = ImageManifest(config: descriptor, layers: [descriptor, descriptor], annotations: ["a": "b"])
        #expect(try ImageManifest(json: manifest.json) == manifest)
        var other = manifest.json
        other["schemaVersion"] = 1
        #expect(throws: JSONError.self) { try ImageManifest(json: other) }
    }
}
