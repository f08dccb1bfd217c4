import HTTP
import Testing

@testable import Registry

@Suite struct ChallengeTests {
    private static let cases: [(String, [(String, [String: String])])] = [
        (
            #"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#,
            [
                (
                    "bearer",
                    [
                        "realm": "https://auth.docker.io/token", "service": "registry.docker.io",
                        "scope": "repository:a/b:pull,push",
                    ]
                )
            ]
        ),
        ("bearer Realm=https://h/t,SERVICE=s", [("bearer", ["realm": "https://h/t", "service": "s"])]),
        ("Bearer  realm = \"x\" , service = y", [("bearer", ["realm": "x", "service": "y"])]),
        (#"Basic realm="a \"quoted\" \\ name""#, [("basic", ["realm": #"a "quoted" \ name"#])]),
        ("Basic", [("basic", [:])]),
        (
            #"Negotiate YII=, Basic realm="r", Bearer realm="https://h/t""#,
            [("negotiate", [:]), ("basic", ["realm": "r"]), ("bearer", ["realm": "https://h/t"])]
        ),
        ("Negotiate, Basic realm=r", [("negotiate", [:]), ("basic", ["realm": "r"])]),
        ("Bearer realm=\"unterminated", [("bearer", ["realm": "unterminated"])]),
        ("", []), (",,,", []), ("\"", []),
    ]

    @Test(arguments: cases.indices)
    func `challenges are told apart`(index: Int) {
        let (field, expected) = Self.cases[index]
        let challenges = AuthenticationChallenge.parse(field)
        #expect(challenges.map(\.scheme) == expected.map(\.0))
        #expect(challenges.map(\.parameters) == expected.map(\.1))
    }

    @Test func `several fields hold several challenges`() {
        var headers = HTTPHeaders()
        headers.add("WWW-Authenticate", "Basic realm=a")
        headers.add("Www-Authenticate", "Bearer realm=b")
        #expect(AuthenticationChallenge.all(in: headers).map(\.scheme) == ["basic", "bearer"])
    }

    @Test(arguments: [
        ("ghcr.io", "https://ghcr.io/"), ("docker.io", "https://registry-1.docker.io/"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000/"), ("localhost:5000", "http://localhost:5000/"),
        ("[::1]:5000", "http://[::1]:5000/"), ("192.168.0.1:5000", "https://192.168.0.1:5000/"),
    ])
    func `a registry's address follows from its name`(registry: String, url: String) throws {
        #expect(try Endpoint.url(of: registry, .onThisMachine).text == url)
    }

    @Test(arguments: [
        ("ghcr.io", PlainHTTP.everywhere, "http://ghcr.io/"), ("127.0.0.1:5000", .everywhere, "http://127.0.0.1:5000/"),
        ("docker.io", .everywhere, "https://registry-1.docker.io/"), ("ghcr.io", .nowhere, "https://ghcr.io/"),
        ("localhost:5000", .nowhere, "https://localhost:5000/"), ("[::1]:5000", .nowhere, "https://[::1]:5000/"),
    ])
    func `who says so gets plain HTTP elsewhere, or TLS here`(registry: String, plainHTTP: PlainHTTP, url: String)
        throws
    {
        #expect(try Endpoint.url(of: registry, plainHTTP).text == url)
    }

    @Test(arguments: [
        ("http://r.example", "http://auth.example/token", true), ("http://r.example", "http://127.0.0.1/t", false),
        ("https://r.example", "https://[0:0::1]/t", false), ("https://r.example", "https://a.localhost/t", false),
        ("https://r.example", "https://auth.example/token", true), ("https://r.example", "http://r.example/t", false),
        ("https://r.example", "http://127.0.0.1/t", false), ("https://r.example", "https://localhost/t", false),
        ("http://127.0.0.1:1", "http://127.0.0.1:2/t", true), ("http://127.0.0.1:1", "http://other/t", false),
        ("http://127.0.0.1:1", "https://other/t", true),
    ])
    func `a registry refers only to places where it may`(registry: String, target: String, may: Bool) throws {
        #expect(try HTTPURL(registry).mayRefer(to: HTTPURL(target)) == may)
    }

    @Test(arguments: [
        (#"{"token":"t","expires_in":300}"#, 30.0, true), (#"{"access_token":"t"}"#, 30, true),
        (#"{"token":"t"}"#, 61, false), (#"{"token":"t","expires_in":2}"#, 30, true),
        (#"{"token":"t","expires_in":0}"#, 30, true), (#"{"token":"t","expires_in":300.5}"#, 290, true),
        (#"{"token":"t","expires_in":1e-9}"#, 10, false),
    ])
    func `a token is fresh for as long as it says`(body: String, margin: Double, isFresh: Bool) throws {
        #expect(try RegistryToken(content: Array(body.utf8)).isFresh(margin: margin) == isFresh)
    }
}
