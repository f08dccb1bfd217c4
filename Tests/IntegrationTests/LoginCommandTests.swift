import JSON
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Logins as people keep them: docker's file, a helper, podman's file, netrc; the registry is Debian's with htpasswd.
@Suite struct LoginCommandTests {
    private static let password = "correct horse: battery"
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(
            "images/app/image.yaml",
            "name: app\nbase: scratch\nlayers:\n  - files: {from: files, into: /opt}\ncommand: [/bin/true]\n")
        try folder.write("images/app/files/text", "one")
    }

    private func caasctl(_ arguments: [String], _ environment: [String: String?] = [:]) -> Command {
        let nowhere: [String: String?] = [
            "HOME": folder("user").string, "DOCKER_CONFIG": nil, "REGISTRY_AUTH_FILE": nil, "XDG_RUNTIME_DIR": nil,
            "XDG_CONFIG_HOME": nil, "NETRC": nil, "REGISTRY_USERNAME": nil, "REGISTRY_PASSWORD": nil,
        ]
        return .caasctl(arguments, in: folder, environment: nowhere.merging(environment) { $1 })
    }

    private func registry() async throws -> DockerRegistry {
        let registry = try await DockerRegistry(.user("me", password: Self.password))
        try await caasctl(["build", "app", "--tag", "\(registry.host)/me/app:1"]).succeed()
        return registry
    }

    /// A helper that keeps logins in a file, and writes down how it was called.
    private func installHelper() throws -> [String: String?] {
        let script = """
            #!/bin/sh
            echo "$1" >>\(folder("calls"))
            case $1 in
            store) cat >\(folder("kept")) ;;
            get) read -r server; [ -e \(folder("kept")) ] && cat \(folder("kept")) && exit 0
                echo "credentials not found in native keychain"; exit 1 ;;
            erase) rm \(folder("kept")) ;;
            esac
            """
        let program = try folder.write("bin/docker-credential-test", script)
        try FileSystem.setMode(program, 0o755)
        return ["PATH": "\(folder("bin")):/usr/local/bin:/usr/bin:/bin"]
    }

    @Test func `a login is checked, kept for its owner alone, used, and forgotten`() async throws {
        let registry = try await registry()
        let reference = "\(registry.host)/me/app:1"
        let stranger = try await caasctl(["push", reference]).run()
        #expect(stranger.status == 1 && stranger.errors.contains("no credentials: "), "\(stranger.errors)")

        let login = ["login", registry.host, "--username", "me", "--password-stdin"]
        let wrong = try await caasctl(login).run(input: "wrong\n")
        #expect(wrong.status == 1 && wrong.errors.contains("cannot log in to \(registry.host): "), "\(wrong.errors)")
        #expect(!FileSystem.exists(folder("user/.docker/config.json")))

        try folder.write("user/.docker/config.json", #"{"auths":{"r.io":{"auth":"YTp4"}},"HttpHeaders":{"a":"b"}}"#)
        let right = try await caasctl(login).run(input: "\(Self.password)\n")
        let file = folder("user/.docker/config.json")
        #expect(right.status == 0, "\(right.errors)")
        #expect(right.output == "logged in to \(registry.host) as me; kept in \(file)\n")
        #expect(try FileStatus(file).mode == 0o600)
        let kept = try JSONValue(parsing: FileSystem.read(file))
        #expect(kept["HttpHeaders"] == ["a": "b"] && kept["auths"]?["r.io"] == ["auth": "YTp4"])
        try await caasctl(["push", reference]).succeed()
        // skopeo finds it where docker keeps it.
        try await Command(
            "skopeo", ["inspect", "--tls-verify=false", "docker://\(reference)"],
            environment: ["HOME": folder("user").string, "XDG_RUNTIME_DIR": folder("none").string]
        ).succeed()

        #expect(try await caasctl(["logout", "http://\(registry.host)/"]).succeed().contains("removed from \(file)"))
        #expect(try await caasctl(["logout", registry.host]).succeed() == "there was no login for \(registry.host)")
        #expect(try await caasctl(["push", reference]).run().status == 1)
    }

    @Test func `a credential helper keeps the password, and the file does not`() async throws {
        let registry = try await registry()
        let path = try installHelper()
        try folder.write("user/.docker/config.json", #"{"credHelpers":{"\#(registry.host)":"test"}}"#)
        let reference = "\(registry.host)/me/app:1"
        let before = try await caasctl(["push", reference], path).run()
        #expect(before.errors.contains("docker-credential-test has no entry for \(registry.host)"), "\(before.errors)")

        let login = try await caasctl(["login", registry.host, "--username", "me", "--password-stdin"], path)
            .succeed(input: Self.password)
        #expect(login == "logged in to \(registry.host) as me; kept in docker-credential-test")
        #expect(
            try FileSystem.read(folder("user/.docker/config.json"))
                == Array(#"{"credHelpers":{"\#(registry.host)":"test"}}"#.utf8))
        try await caasctl(["push", reference], path).succeed()
        #expect(try await caasctl(["logout", registry.host], path).succeed().contains("docker-credential-test"))
        let calls = String(decoding: try FileSystem.read(folder("calls")), as: UTF8.self)
        #expect(calls == "get\nstore\nget\nerase\n")

        let missing = try await caasctl(["push", reference]).run()
        let wanted = "docker-credential-test failed: it is not in PATH, though "
        #expect(missing.status == 1 && missing.errors.contains(wanted), "\(missing.errors)")
    }

    @Test func `podman's file, netrc and --username are asked too`() async throws {
        let registry = try await registry()
        let reference = "\(registry.host)/me/app:1"
        let auth = Array("me:\(Self.password)".utf8)
        let encoded = try await Command("base64", ["-w0"]).succeed(input: String(decoding: auth, as: UTF8.self))
        let podman = try folder.write(
            "auth.json",
            #"{"auths":{"\#(registry.host)":{"auth":"eDp5"},"\#(registry.host)/me":{"auth":"\#(encoded)"}}}"#)
        try await caasctl(["push", reference], ["REGISTRY_AUTH_FILE": podman.string]).succeed()

        let netrc = try folder.write(
            "netrc",
            "# mine\nmachine 127.0.0.1\n  login me\n  password \"\(Self.password)\"\ndefault login x password y\n")
        try await caasctl(["push", reference], ["NETRC": netrc.string]).succeed()

        try await caasctl(["push", reference, "--username", "me", "--password-stdin"]).succeed(input: Self.password)
        let wrong = try await caasctl(["push", reference, "--username", "me", "--password-stdin"]).run(input: "wrong")
        #expect(wrong.status == 1 && wrong.errors.contains("user 'me' from --username"), "\(wrong.errors)")
        #expect(!wrong.errors.contains("wrong"), "\(wrong.errors)")
    }

    @Test(arguments: [
        (["login", "ghcr.io"], "--username"), (["login", "a/b", "--username", "me", "--password-stdin"], "a/b"),
        (["push", "r.io/a:1", "--username", "me"], "--username and --password-stdin belong together"),
        (["login", "ghcr.io", "--username", "me"], "give the password with --password-stdin"),
    ])
    func `what is missing is named`(arguments: [String], words: String) async throws {
        let outcome = try await caasctl(arguments).run()
        #expect(outcome.status != 0 && outcome.errors.contains(words), "\(outcome.errors)")
    }
}
