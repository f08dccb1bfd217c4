import HTTP
import Hashing
import JSON
import OCI
import POSIX
import Registry
import Secrets
import SystemPackage
import TestSupport
import Testing

/// Authentication at real registries and at test doubles.
@Suite struct AuthenticationTests {
    private static let password = "correct horse battery"

    /// Writes a docker configuration file with one login, and returns its path.
    private func configuration(_ host: String, _ user: String, _ password: String, _ folder: TemporaryFolder) throws
        -> FilePath
    {
        let auth = Array("\(user):\(password)".utf8).base64
        let document: JSONValue = ["auths": .object([host: ["auth": .string(auth)]])]
        return try folder.write("config.json", document.text, mode: 0o600)
    }

    @Test func `a user of docker's configuration pushes to a registry with passwords, and pulls`() async throws {
        let registry = try await DockerRegistry(.user("me", password: Self.password))
        let image = try SampleImage()
        let folder = try TemporaryFolder()
        // Another program writes the file.
        let file = folder("auth.json")
        try await Command(
            "skopeo",
            [
                "login", "--tls-verify=false", "--authfile", file.string, "--username", "me", "--password-stdin",
                registry.host,
            ]
        ).succeed(input: Self.password)
        let client = RegistryClient(credentials: RegistryCredentials(configuration: file))
        let reference = try Reference("\(registry.host)/app:1")
        try await client.push(image.descriptor, from: image.store, to: reference)
        try await client.pull(reference, platform: .current, into: try image.emptyStore())
    }

    @Test func `a wrong password says whose it is, from where, and what was asked`() async throws {
        let registry = try await DockerRegistry(.user("me", password: Self.password))
        let image = try SampleImage(layers: [])
        let folder = try TemporaryFolder()
        let file = try configuration(registry.host, "me", "wrong password", folder)
        let client = RegistryClient(credentials: RegistryCredentials(configuration: file))
        let reference = try Reference("\(registry.host)/some/app:1")
        let error = await #expect(throws: RegistryError.self) {
            try await client.push(image.descriptor, from: image.store, to: reference)
        }
        #expect(error?.code == .unauthorized)
        #expect(
            error?.description
                == "cannot push \(reference): HEAD http://\(registry.host)/v2/some/app/blobs/\(image.manifest.config.digest) "
                + "answered 401 Unauthorized: authentication required (UNAUTHORIZED); user 'me' from \(file); asked for repository:some/app:pull,push"
        )
    }

    @Test func `no credentials are said to be none, and why`() async throws {
        let registry = try await DockerRegistry(.user("me", password: Self.password))
        let image = try SampleImage(layers: [])
        let folder = try TemporaryFolder()
        let reference = try Reference("\(registry.host)/app:1")
        let missing = folder("config.json")
        let other = try folder.write("other.json", #"{"auths":{"ghcr.io":{"auth":"YTpi"}},"credsStore":"desktop"}"#)
        for (file, reason) in [
            (missing, "\(missing) does not exist"),
            (
                other,
                "docker-credential-desktop failed: it is not in PATH, though \(other) names it"
            ),
        ] {
            let client = RegistryClient(credentials: RegistryCredentials(configuration: file))
            let error = await #expect(throws: RegistryError.self) {
                try await client.push(image.descriptor, from: image.store, to: reference)
            }
            #expect(
                error?.description.contains("; no credentials: \(reason); asked for") == true,
                "\(error?.description ?? "")")
        }
    }

    @Test func `docker-registry takes the tokens of its token server`() async throws {
        let tokens = try await TokenServer(user: "me", password: Self.password)
        let registry = try await DockerRegistry(
            .tokens(
                realm: tokens.server.url("/token").text, service: TokenServer.service, issuer: TokenServer.issuer,
                certificate: tokens.certificate))
        try await tokens.allow("repository:team/app:pull,push")
        try await tokens.allow("repository:team/app:pull")
        try await tokens.allow("repository:team/new:pull,push")
        try await tokens.allow("repository:team/new:pull,push", "repository:team/app:pull")
        let image = try SampleImage()
        var credentials = RegistryCredentials.none
        credentials.add(.password(user: "me", Secret(Self.password), from: "a test"), for: registry.host)
        let client = RegistryClient(credentials: credentials)
        let reference = try Reference("\(registry.host)/team/app:1")
        try await client.push(image.descriptor, from: image.store, to: reference)
        try await client.check(reference, platform: .current)
        // One token for each set of scopes, whatever the number of requests.
        #expect(tokens.server.requests.count == 2)
        #expect(tokens.server.requests[0].target.contains("account=me"))
        try image.forgetSources()
        try image.leaveLayer(0, at: registry.host, "team/app")
        let events = Events()
        try await client.push(
            image.descriptor, from: image.store, to: try Reference("\(registry.host)/team/new:1"), onEvent: events.note)
        #expect(events.mounted.count == 1)

        let stranger = RegistryClient(credentials: .none, retries: .quick)
        let error = await #expect(throws: RegistryError.self) {
            try await stranger.check(reference, platform: .current)
        }
        #expect(
            error?.description
                == "cannot pull \(reference): the token server \(tokens.server.url("/token")) answered 401 Unauthorized: "
                + "incorrect username or password; no credentials: none were given; asked for repository:team/app:pull")
    }

    @Test func `a token that expires in the middle is replaced once`() async throws {
        let issued = Shared(0)
        let tokens = try await LoopbackServer { _ in
            .answer(200, text: #"{"token":"token-\#(issued.next())","expires_in":300}"#)
        }
        let challenge: HTTPHeaders = [
            "WWW-Authenticate":
                #"Bearer realm="\#(tokens.url("/token?a=b").text)",service="s",scope="repository:app:pull""#
        ]
        let expired = Shared(false)
        let registry = try await StrictRegistry(fault: { request in
            // The first token expires when the first blob arrives.
            if request.method == "PUT" { expired.withLock { $0 = true } }
            let good = expired.withLock { $0 } ? "Bearer token-2" : "Bearer token-1"
            // The 401 for the expired token has no challenge.
            let fields = request.path == "/v2/" ? challenge : [:]
            return request.headers["Authorization"] == good ? nil : .answer(401, fields)
        })
        let image = try SampleImage(layers: [1000, 2000, 3000, 4000, 5000, 6000])
        try await RegistryClient(credentials: .none, retries: .quick)
            .push(image.descriptor, from: image.store, to: try Reference("\(registry.host)/app:1"))
        #expect(registry.blobs.count == 7)
        #expect(issued.withLock { $0 } == 2)
        let target = try #require(tokens.requests.first?.target)
        #expect(target == "/token?a=b&client_id=caasctl&service=s&scope=repository%3Aapp%3Apull%2Cpush")
    }

    @Test func `a scope that the registry insists on is asked for`() async throws {
        let tokens = try await LoopbackServer { request in
            .answer(200, text: #"{"token":"\#(request.target.contains("special") ? "good" : "poor")"}"#)
        }
        let challenge = #"Bearer realm="\#(tokens.url("/").text)",error="insufficient_scope",scope="special:x:y""#
        let registry = try await StrictRegistry(fault: { request in
            request.headers["Authorization"] == "Bearer good" ? nil : .answer(401, ["WWW-Authenticate": challenge])
        })
        let image = try SampleImage(layers: [])
        try await RegistryClient(credentials: .none, retries: .quick)
            .push(image.descriptor, from: image.store, to: try Reference("\(registry.host)/app:1"))
        // Stored under its digest and two tags.
        #expect(registry.manifests.count == 3)
    }

    @Test func `an identity token is exchanged, also where the server knows only the old way`() async throws {
        for isOld in [false, true] {
            let tokens = try await LoopbackServer { request in
                request.method == "POST" && isOld ? .answer(404) : .answer(200, text: #"{"access_token":"good"}"#)
            }
            let challenge = #"Bearer realm="\#(tokens.url("/token").text)",service="s""#
            let registry = try await StrictRegistry(fault: { request in
                request.headers["Authorization"] == "Bearer good" ? nil : .answer(401, ["WWW-Authenticate": challenge])
            })
            let folder = try TemporaryFolder()
            let file = try folder.write(
                "config.json", #"{"auths":{"\#(registry.host)":{"identitytoken":"it&x","auth":"bWU6"}}}"#)
            let image = try SampleImage(layers: [])
            try await RegistryClient(credentials: RegistryCredentials(configuration: file), retries: .quick)
                .push(image.descriptor, from: image.store, to: try Reference("\(registry.host)/app:1"))
            let methods = tokens.requests.map(\.method)
            #expect(methods == (isOld ? ["POST", "GET"] : ["POST"]))
            #expect(
                tokens.requests.last?.headers["Authorization"]
                    == (isOld ? "Basic " + Array("me:it&x".utf8).base64 : nil))
        }
    }

    @Test func `who is at the end of a redirect is told nothing, and does not say who is`() async throws {
        let thief = try await LoopbackServer { _ in .answer(200, text: #"{"token":"t"}"#) }
        let storage = try await LoopbackServer { _ in
            .answer(401, ["WWW-Authenticate": #"Bearer realm="\#(thief.url("/token").text)""#], text: "who are you")
        }
        let registry = try await LoopbackServer { request in
            if request.path == "/v2/" { return .answer(401, ["WWW-Authenticate": "Basic"]) }
            return .answer(307, ["Location": storage.url(request.path).text])
        }
        var credentials = RegistryCredentials.none
        credentials.add(.password(user: "me", Secret("secret"), from: "a test"), for: registry.host)
        let error = await #expect(throws: RegistryError.self) {
            try await RegistryClient(credentials: credentials, retries: .quick)
                .check(try Reference("\(registry.host)/app:1"), platform: .current)
        }
        let place =
            "which was sent on to \(storage.url("/v2/app/manifests/1")), answered 401 Unauthorized: who are you;"
        #expect(error?.description.contains(place) == true, "\(error?.description ?? "")")
        #expect(thief.requests.isEmpty && storage.requests.count == 1)
        #expect(storage.requests.allSatisfy { $0.headers["Authorization"] == nil })
    }

    /// The registry's explanation of a refusal in its various forms, also where the HEAD has no body.
    @Test(arguments: [
        (
            402, #"{"errors":[{"code":"DENIED","message":"billing is off","detail":{"reason":"no card"}}]}"#,
            "402: billing is off: no card (DENIED)"
        ),
        (403, #"{"errors":[{"code":"TOOBIG","detail":{"quota":[1,2]}}]}"#, #"403 Forbidden: {"quota":[1,2]} (TOOBIG)"#),
        (429, #"{"errors":[{"code":1015,"message":"rate limited"}]}"#, "429 Too Many Requests: rate limited (1015)"),
        (
            403, #"{"message":7,"error":"the account\nis suspended"}"#,
            "403 Forbidden: the account is suspended"
        ),
        (403, "<html><b>storage quota</b> of \u{1B}[31m 1 GB</html>", "403 Forbidden: storage quota of [31m 1 GB"),
        (403, String(repeating: "e\u{301}\u{302}", count: 4000), "403 Forbidden: e\u{301}\u{302}"),
    ])
    func `the registry's own words stand in a refusal`(_ status: Int, _ body: String, _ words: String) async throws {
        let registry = try await LoopbackServer { request in
            request.path == "/v2/" ? .answer(200) : .answer(status, text: request.method == "HEAD" ? "" : body)
        }
        let image = try SampleImage(layers: [])
        let error = await #expect(throws: RegistryError.self) {
            try await RegistryClient(credentials: .none, retries: .never)
                .push(image.descriptor, from: image.store, to: try Reference("\(registry.host)/app:1"))
        }
        let text = try #require(error?.description)
        #expect(text.contains("answered \(words)"), "\(text)")
        #expect(text.unicodeScalars.count < 1200)
    }

    @Test func `a registry that repeats the password does not bring it into the error`() async throws {
        let secret = "s3cret-pass+word"
        let registry = try await LoopbackServer { request in
            let said = request.headers["Authorization"] ?? ""
            let body = #"{"errors":[{"code":"DENIED","message":"\#(secret) is wrong: \#(said)","detail":{"a":[1]}}]}"#
            return request.path == "/v2/" ? .answer(401, ["WWW-Authenticate": "Basic"]) : .answer(403, text: body)
        }
        var credentials = RegistryCredentials.none
        credentials.add(.password(user: "me", Secret(secret), from: "registry_login"), for: registry.host)
        let error = await #expect(throws: RegistryError.self) {
            try await RegistryClient(credentials: credentials, retries: .quick)
                .check(try Reference("\(registry.host)/app:1"), platform: .current)
        }
        #expect(
            error?.description
                == "cannot pull \(registry.host)/app:1: GET http://\(registry.host)/v2/app/manifests/1 answered 403 Forbidden: "
                + "<redacted> is wrong: Basic <redacted> (DENIED); user 'me' from registry_login; asked for repository:app:pull"
        )
    }
}
