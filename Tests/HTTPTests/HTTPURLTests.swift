import HTTP
import Testing

@Suite struct HTTPURLTests {
    @Test(arguments: [
        ("http://127.0.0.1:5000/v2/", "http://127.0.0.1:5000/v2/", "127.0.0.1", 5000),
        ("https://Example.COM", "https://example.com/", "example.com", 443),
        ("HTTPS://example.com:443/a", "https://example.com/a", "example.com", 443),
        ("http://example.com:80?x=1", "http://example.com/?x=1", "example.com", 80),
        ("https://[::1]:8443/a//b/../c?d=%2F#e", "https://[::1]:8443/a//b/../c?d=%2F", "[::1]", 8443),
        ("https://h/a?Signature=x/y+z==", "https://h/a?Signature=x/y+z==", "h", 443),
    ])
    func `a URL keeps its path and query byte for byte`(text: String, whole: String, host: String, port: Int) throws {
        let url = try HTTPURL(text)
        #expect(url.text == whole)
        #expect(url.host == host)
        #expect(url.port == port)
    }

    @Test(arguments: [
        "", "example.com", "/path", "ftp://example.com/", "http://", "http:///path", "http://user@host/",
        "http://user:secret@host/", "http://host:0/", "http://host:65536/", "http://host:port/", "http://host:/",
        "http://host/a b", "http://host/\r\nHost: other", "http://hö/", "http://[::1/",
    ])
    func `what is no URL for us is refused`(text: String) {
        let error = #expect(throws: HTTPError.self) { try HTTPURL(text) }
        #expect(error?.code == .invalidURL)
        #expect(error?.description.contains("secret") != true)
    }

    @Test func `a description has no query`() throws {
        let url = try HTTPURL("https://host/a?token=hidden")
        #expect("\(url)" == "https://host/a")
        #expect(HTTPRequest("GET", url).name == "GET https://host/a")
    }

    @Test(arguments: [
        ("https://other:1/x?y", "https://other:1/x?y"), ("//other/x", "https://other/x"),
        ("/x?y=%3A", "https://host:8/x?y=%3A"), ("?y", "https://host:8/a/b?y"), ("c", "https://host:8/a/c"),
    ])
    func `a Location means what RFC 3986 says`(location: String, result: String) throws {
        #expect(try HTTPURL("https://host:8/a/b?q").resolving(location).text == result)
    }

    @Test(arguments: [
        ("http://127.0.0.1/", true), ("http://127.8.9.1:1/", true), ("http://localhost/", true),
        ("http://[::1]/", true), ("http://[0:0:0:0:0:0:0:1]/", true), ("http://[0::0001]/", true),
        ("http://[::ffff:127.0.0.1]/", true), ("http://[::ffff:7f00:1]/", true), ("http://[::ffff:a00:1]/", false),
        ("http://a.localhost/", true), ("http://[::]/", false),
        ("http://[2001:db8::1]/", false), ("http://[1::]/", false), ("http://[::1:0]/", false),
        ("http://127.0.0.1.example.com/", false), ("http://127.1/", false),
        ("http://localhost.example.com/", false), ("http://0.0.0.0/", false), ("http://10.0.0.1/", false),
    ])
    func `loopback is known by its address alone`(text: String, isLoopback: Bool) throws {
        #expect(try HTTPURL(text).isLoopback == isLoopback)
    }

    @Test(arguments: [
        ("https://a/x", "https://a:443/y", true), ("https://a/", "http://a/", false),
        ("https://a/", "https://a:444/", false), ("https://a/", "https://b.a/", false),
    ])
    func `an origin is scheme, host and port`(left: String, right: String, isSame: Bool) throws {
        #expect(try HTTPURL(left).hasSameOrigin(as: HTTPURL(right)) == isSame)
    }
}
