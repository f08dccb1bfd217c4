import OCI
import Testing
import Wording

/// The rules and many of the cases of <https://github.com/distribution/reference>.
@Suite struct ReferenceTests {
    private static let digest = "sha256:" + String(repeating: "0123456789abcdef", count: 4)

    @Test(arguments: [
        ("debian", "docker.io", "library/debian", "latest"),
        ("debian:12-slim", "docker.io", "library/debian", "12-slim"),
        ("docker.io/debian", "docker.io", "library/debian", "latest"),
        ("index.docker.io/debian", "docker.io", "library/debian", "latest"),
        ("registry-1.docker.io/me/app:1", "docker.io", "me/app", "1"), ("me/app", "docker.io", "me/app", "latest"),
        ("test.com:tag", "docker.io", "library/test.com", "tag"),
        ("test.com:5000", "docker.io", "library/test.com", "5000"),
        ("test.com/repo:tag", "test.com", "repo", "tag"), ("test:5000/repo", "test:5000", "repo", "latest"),
        ("localhost/repo", "localhost", "repo", "latest"), ("localhost:1/a/b/c:T", "localhost:1", "a/b/c", "T"),
        ("127.0.0.1:5000/app:1", "127.0.0.1:5000", "app", "1"),
        ("192.168.1.1", "docker.io", "library/192.168.1.1", "latest"),
        ("[2001:db8::1]/repo", "[2001:db8::1]", "repo", "latest"), ("[::1]:5000/repo:x", "[::1]:5000", "repo", "x"),
        ("sub-dom1.foo.com/bar/baz/quux:some-long-tag", "sub-dom1.foo.com", "bar/baz/quux", "some-long-tag"),
        (
            "b.gcr.io/test.example.com/my-app:test.example.com", "b.gcr.io", "test.example.com/my-app",
            "test.example.com"
        ),
        ("xn--n3h.com/myimage:xn--n3h.com", "xn--n3h.com", "myimage", "xn--n3h.com"),
        ("foo_bar.com:8080", "docker.io", "library/foo_bar.com", "8080"),
        ("foo/foo_bar.com:8080", "docker.io", "foo/foo_bar.com", "8080"),
        ("a__b/c--d.e", "docker.io", "a__b/c--d.e", "latest"),
        ("lower:Upper_.-1", "docker.io", "library/lower", "Upper_.-1"),
        ("HOST.example/app", "HOST.example", "app", "latest"),
        ("a-b--c.example/app", "a-b--c.example", "app", "latest"),
        (
            "host.example/\(String(repeating: "abcdef01", count: 8))", "host.example",
            String(repeating: "abcdef01", count: 8), "latest"
        ),
        ("host.example:65535/a-b/c--d/e__f.g:v1.0-rc_1", "host.example:65535", "a-b/c--d/e__f.g", "v1.0-rc_1"),
        ("app:\(String(repeating: "t", count: 128))", "docker.io", "library/app", String(repeating: "t", count: 128)),
    ])
    func `a name is read as docker reads it`(text: String, registry: String, repository: String, tag: String) throws {
        let reference = try Reference(text)
        #expect(reference.registry == registry)
        #expect(reference.repository == repository)
        #expect(reference.tag == tag)
        #expect(reference.digest == nil)
        #expect(reference.identifier == tag)
        #expect(reference.description == "\(registry)/\(repository):\(tag)")
        #expect(try Reference(reference.description) == reference)
    }

    @Test func `a digest stands beside a tag or without one`() throws {
        let alone = try Reference("ghcr.io/me/app@\(Self.digest)")
        #expect(alone.tag == nil)
        #expect(alone.identifier == Self.digest)
        let both = try Reference("test:5000/repo:tag@\(Self.digest)")
        #expect(both.tag == "tag")
        #expect(both.identifier == Self.digest)
        #expect(both.description == "test:5000/repo:tag@\(Self.digest)")
        #expect(
            try Reference("app:1").pinned(to: Digest(Self.digest)).description == "docker.io/library/app@\(Self.digest)"
        )
        #expect(try both.tagged("other").description == "test:5000/repo:other")
    }

    @Test(arguments: [
        "", ":tag", "@\(digest)", "repo@sha256:ffff", "repo@\(digest)0", "repo@md5:0123", "repo@\(digest.uppercased())",
        "Upper:tag",
        "test:5000/Upper/lower:tag", "aa/asdf$$^/aa", "a..b", "a.-b", "a___b", "a_.b", "-a", "a-", "a/", "/a", "a//b",
        "a:", "a:.tag", "a:-tag", "a:\(String(repeating: "t", count: 129))", "http://ghcr.io/app", "a b", "a\n", "é",
        "[fe80::1%eth0]:5000/repo", "host.:port/a", "-host.example/a", "host.example:/a",
        String(repeating: "a/", count: 128) + "a", "host.example/",
        "a..b.example/app", "a.-b.example/app", "a-.example/app", "host_name.example/app", "host.example:port/app",
        "host.example:123456/app", "[::1/app", "::1/app:1", "[::1]app", "[]/app", "[g::1]/app", "host.example//app",
        "host.example/app/", "host.example/app:1:2", "host.example/app@", "host.example/app:1@sha256",
        "app@\(digest)@\(digest)", "app@sha512:\(String(repeating: "0", count: 128))",
        String(repeating: "0123456789abcdef", count: 4), "docker.io/\(String(repeating: "abcdef01", count: 8))",
        "a/b c",
        "a\tb", "host.example/app:1\u{0}", " app", "app ", "host.example/äpp", "-", "_", ".", "..", "../app", "./app",
        "host.example/.hidden", "host.example/a_", "host.example/_a", "host.example/a._b", "https://host.example/app:1",
    ])
    func `what is no reference is refused`(text: String) {
        let error = #expect(throws: Failure.self) { try Reference(text) }
        #expect(error?.description.hasPrefix("cannot read ") == true)
    }

    @Test func `host and repository have at most 255 bytes`() throws {
        let longest = "host.example/" + String(repeating: "a", count: 242)
        #expect(try Reference(longest).name.utf8.count == 255)
        #expect(throws: Failure.self) { try Reference(longest + "a") }
        let endless = String(repeating: "a-", count: 1 << 20)
        #expect(throws: Failure.self) { try Reference(endless) }
        #expect(throws: Failure.self) { try Reference.registry(endless) }
    }

    @Test(arguments: [
        ("docker.io/library/debian:12", "debian:12"), ("docker.io/me/app:1", "me/app:1"),
        ("ghcr.io/a/b:1", "ghcr.io/a/b:1"),
        ("docker.io/library/a/b:1", "library/a/b:1"), ("docker.io/localhost/app:1", "docker.io/localhost/app:1"),
        ("docker.io/a.b/c:1", "docker.io/a.b/c:1"),
        (
            "docker.io/library/\(String(repeating: "0123456789abcdef", count: 4)):1",
            "library/\(String(repeating: "0123456789abcdef", count: 4)):1"
        ),
    ])
    func `what people type for it is the same image`(text: String, familiar: String) throws {
        let reference = try Reference(text)
        #expect(reference.familiar == familiar)
        #expect(try Reference(familiar) == reference)
    }
}
