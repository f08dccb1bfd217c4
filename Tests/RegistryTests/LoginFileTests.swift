import Hashing
import OCI
import POSIX
import Secrets
import SystemPackage
import TestSupport
import Testing

@testable import Registry

@Suite struct LoginFileTests {
    @Test(arguments: [
        ("ghcr.io", #"{"ghcr.io":{"auth":"bWU6cGFzcw=="}}"#, "me", "pass"),
        ("ghcr.io", #"{"https://ghcr.io":{"auth":"bWU6cGFzcw=="}}"#, "me", "pass"),
        ("ghcr.io", #"{"https://ghcr.io/v2/":{"auth":"bWU6cGFzcw"}}"#, "me", "pass"),
        ("ghcr.io", #"{"http://ghcr.io/":{"username":"me","password":"pass"}}"#, "me", "pass"),
        ("ghcr.io", #"{"ghcr.io":{"auth":"bWU6cGE6c3M6"}}"#, "me", "pa:ss:"),
        ("docker.io", #"{"https://index.docker.io/v1/":{"auth":"bWU6cGFzcw=="}}"#, "me", "pass"),
        ("docker.io", #"{"docker.io":{"auth":"bWU6cGFzcw=="}}"#, "me", "pass"),
        ("docker.io", #"{"https://registry-1.docker.io/v2/":{"auth":"bWU6cGFzcw=="}}"#, "me", "pass"),
        ("docker.io", #"{"docker.io/me":{"auth":"bWU6cGFzcw=="},"docker.io":{"auth":"eDp5"}}"#, "me", "pass"),
        ("ghcr.io", #"{"https://ghcr.io/any/path":{"auth":"bWU6cGFzcw=="}}"#, "me", "pass"),
        ("ghcr.io", #"{"ghcr.io":{"auth":"bWU6\ncGFz\r\ncw==\n"}}"#, "me", "pass"),
        ("ghcr.io", #"{"ghcr.io":{"auth":"bWU6cGFzcwAA"}}"#, "me", "pass"),
        ("ghcr.io", #"{"ghcr.io":{"auth":"","username":"me","password":"pass"}}"#, "me", "pass"),
        ("127.0.0.1:5000", #"{"127.0.0.1:5000":{"auth":"bWU6cGFzcw=="}}"#, "me", "pass"),
    ])
    func `a login is found under each name that docker gives it`(
        registry: String, entries: String, user: String, password: String
    ) async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("config.json", #"{"auths":\#(entries),"HttpHeaders":{}}"#)
        let credential = try await RegistryCredentials(configuration: file).credential(
            for: registry, repository: "me/app")
        guard case .password(let found, let secret) = credential.kind else {
            Issue.record("\(credential.explanation)")
            return
        }
        #expect(found == user)
        #expect(secret.unredacted == password)
        #expect(credential.explanation == "user 'me' from \(file)")
        #expect("\(credential)".contains(#"password(user: "me", <redacted>)"#))
    }

    @Test(arguments: [
        (#"{"auths":{"ghcr.io.example":{"auth":"bWU6cGFzcw=="}}}"#, "has no entry for ghcr.io"),
        (#"{"auths":{"ghcr.io/somebody":{"auth":"bWU6cGFzcw=="}}}"#, "has no entry for ghcr.io"),
        (#"{"auths":{"ghcr.io":{}}}"#, "holds no user and password"),
        (#"{"auths":{"ghcr.io":{"auth":"%%%"}}}"#, "holds no user and password"),
        (#"{"auths":{},"credHelpers":{"ghcr.io":"missing"}}"#, "docker-credential-missing failed: it is not in PATH"),
        (#"{"auths":{},"credsStore":"../x"}"#, "names it wrongly"),
        (#"{"auths":{"ghcr.io":{"auth":"bWU6 cGFzcw=="}}}"#, "holds no user and password"),
        (#"{}"#, "has no entry for ghcr.io"), (#"{"auths":null,"credHelpers":null}"#, "has no entry for ghcr.io"),
        ("", "has no entry for ghcr.io"), (" \n\t\r\n", "has no entry for ghcr.io"),
    ])
    func `without a login it says why`(document: String, reason: String) async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("config.json", document)
        let credential = try await RegistryCredentials(configuration: file).credential(
            for: "ghcr.io", repository: "me/app")
        #expect(credential.kind == .none)
        #expect(credential.explanation.contains(reason), "\(credential.explanation)")
    }

    @Test(arguments: [
        (#"{"auths": "#, "invalid JSON: the document ends early at byte 10"),
        ("[]", "an object with 'auths' was expected"), (#"{"auths":[]}"#, "'auths' is no object"),
        (#"{"credHelpers":"x"}"#, "'credHelpers' is no object"),
        ("\0", "invalid JSON: an unexpected character at byte 0"),
    ])
    func `a file that cannot be read is an error and not a missing login`(text: String, reason: String) async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("config.json", text)
        let error = await #expect(throws: RegistryError.self) {
            try await RegistryCredentials(configuration: file).credential(for: "ghcr.io", repository: "me/app")
        }
        #expect(error?.description == "cannot read \(file): \(reason)")
        #expect(throws: RegistryError.self) { try LoginFile(path: file).keep(user: "a", Secret("b"), for: "r.io") }
        #expect(try FileSystem.read(file) == Array(text.utf8))
    }

    @Test func `a file that cannot be looked at is an error too`() async throws {
        let folder = try TemporaryFolder()
        try FileSystem.makeSymbolicLink(folder("config.json"), to: "config.json")
        await #expect(throws: RegistryError.self) {
            try await RegistryCredentials(configuration: folder("config.json")).credential(for: "r.io", repository: "a")
        }
    }

    /// Each place has its own login; the test checks the first one, then removes it.
    @Test func `the places are asked in the order of docker and of containers-image`() async throws {
        let folder = try TemporaryFolder()
        func login(_ user: String) -> String {
            #"{"auths":{"r.io":{"auth":"\#(Array("\(user):x".utf8).base64)"}}}"#
        }
        let places = [
            ("runtime", "run/containers/auth.json"), ("config", "config/containers/auth.json"),
            ("dotconfig", "home/.config/containers/auth.json"), ("docker", "docker/config.json"),
            ("home", "home/.docker/config.json"),
        ]
        for (user, path) in places { try folder.write(path, login(user)) }
        try folder.write("home/.netrc", "machine r.io login netrc password x")
        var environment = [
            "HOME": folder("home").string, "DOCKER_AUTH_CONFIG": login("variable"),
            "REGISTRY_AUTH_FILE": try folder.write("said.json", login("said")).string,
            "XDG_RUNTIME_DIR": folder("run").string, "XDG_CONFIG_HOME": folder("config").string,
            "DOCKER_CONFIG": folder("docker").string,
        ]
        func expect(_ user: String) async throws {
            let credential = try await RegistryCredentials.standard(environment: environment).credential(
                for: "r.io", repository: "a")
            #expect(credential.explanation.hasPrefix("user '\(user)'"), "\(credential.explanation)")
        }
        try await expect("variable")
        environment["DOCKER_AUTH_CONFIG"] = ""
        try await expect("said")
        // With this variable set, no other file is read.
        try FileSystem.remove(folder("said.json"))
        try await expect("netrc")
        environment["REGISTRY_AUTH_FILE"] = nil
        try await expect("runtime")
        try FileSystem.remove(folder("run/containers/auth.json"))
        try await expect("config")
        environment["XDG_CONFIG_HOME"] = ""
        try await expect("dotconfig")
        try FileSystem.remove(folder("home/.config/containers/auth.json"))
        try await expect("docker")
        environment["DOCKER_CONFIG"] = nil
        try await expect("home")
        // Empty files hold no login.
        for (_, path) in places { try folder.write(path, "") }
        try await expect("netrc")
    }
}
