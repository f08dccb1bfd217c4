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
        (#"{}"#, "has no entry for ghcr.io"),
    ])
    func `without a login it says why`(document: String, reason: String) async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("config.json", document)
        let credential = try await RegistryCredentials(configuration: file).credential(
            for: "ghcr.io", repository: "me/app")
        #expect(credential.kind == .none)
        #expect(credential.explanation.contains(reason), "\(credential.explanation)")
    }

    @Test func `a file that cannot be read is an error and not a missing login`() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("config.json", #"{"auths": "#)
        let error = await #expect(throws: RegistryError.self) {
            try await RegistryCredentials(configuration: file).credential(for: "ghcr.io", repository: "me/app")
        }
        #expect(error?.description == "cannot read \(file): invalid JSON: the document ends early at byte 10")
    }

    @Test func `DOCKER_CONFIG comes before the home folder`() async throws {
        let folder = try TemporaryFolder()
        try folder.write("a/config.json", #"{"auths":{"r.io":{"auth":"YTp4"}}}"#)
        try folder.write("home/.docker/config.json", #"{"auths":{"r.io":{"auth":"Yjp4"}}}"#)
        var environment = ["HOME": folder("home").string, "DOCKER_CONFIG": folder("a").string]
        for user in ["a", "b"] {
            let credential = try await RegistryCredentials.standard(environment: environment).credential(
                for: "r.io", repository: "a")
            #expect(credential.explanation.hasPrefix("user '\(user)'"))
            environment["DOCKER_CONFIG"] = ""
        }
    }
}
