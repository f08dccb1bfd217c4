import JSON
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests of logins in docker's file, a credential helper, podman's file and netrc, with Debian's registry and htpasswd.
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
            "DOCKER_AUTH_CONFIG": nil,
        ]
        return .caasctl(arguments, in: folder, environment: nowhere.merging(environment) { $1 })
    }

    private func registry() async throws -> DockerRegistry {
        let registry = try await DockerRegistry(.user("me", password: Self.password))
        try await caasctl(["build", "app", "--tag", "\(registry.host)/me/app:1"]).succeed()
        return registry
    }

    /// Installs a credential helper that stores logins in a file and records its calls.
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

        let right = try await caasctl(login).run(input: "\(Self.password)\n")
        let file = folder("user/.docker/config.json")
        #expect(right.status == 0 && right.errors.contains("which only you can read"), "\(right.errors)")
        #expect(right.output == "logged in to \(registry.host) as me; kept in \(file)\n")
        #expect(try FileStatus(file).mode == 0o600)
        try await caasctl(["push", reference]).succeed()
        // skopeo finds the login in docker's file.
        try await Command(
            "skopeo", ["inspect", "--tls-verify=false", "docker://\(reference)"],
            environment: ["HOME": folder("user").string, "XDG_RUNTIME_DIR": folder("none").string]
        ).succeed()

        #expect(try await caasctl(["logout", "http://\(registry.host)/"]).succeed().contains("removed from \(file)"))
        #expect(try await caasctl(["logout", registry.host]).succeed() == "there was no login for \(registry.host)")
        #expect(try await caasctl(["push", reference]).run().status == 1)
    }

    @Test func `of a file that is there only the entry changes`() async throws {
        let registry = try await registry()
        // A typical dotfile: a symbolic link to a file elsewhere, members in another order, and a very large number.
        let rest =
            #"{"psFormat":"x","big":123456789012345678901234567890,"auths":{"r.io":{"auth":"YTp4"}},"HttpHeaders":{}}"#
        let file = try folder.write("dotfiles/docker.json", rest, mode: 0o640)
        try FileSystem.makeFolder(folder("user/.docker"))
        let link = folder("user/.docker/config.json")
        try FileSystem.makeSymbolicLink(link, to: "../../dotfiles/docker.json")

        let login = try await caasctl(["login", registry.host, "--username", "me", "--password-stdin"])
            .run(input: Self.password)
        #expect(login.status == 0 && login.errors.contains("which others can read"), "\(login.errors)")
        #expect(try FileStatus(link).kind == .symbolicLink && FileStatus(file).mode == 0o640)
        #expect(try FileSystem.names(in: file.removingLastComponent()) == ["docker.json"])
        try await caasctl(["push", "\(registry.host)/me/app:1"]).succeed()
        try await caasctl(["logout", registry.host]).succeed()
        let kept = String(decoding: try FileSystem.read(file), as: UTF8.self).filter { !$0.isWhitespace }
        #expect(kept == rest)
        #expect(try FileStatus(link).kind == .symbolicLink)
    }

    @Test(.enabled(if: CurrentUser.id == 0, "needs an owner that an ordinary user cannot give a file to"))
    func `another owner's file stays theirs`() async throws {
        try await Command("chmod", ["0755", folder.path.string]).succeed()
        let file = try folder.write("user/.docker/config.json", #"{"auths":{"r.io":{"auth":"YTp4"}}}"#, mode: 0o666)
        try await Command("chown", ["1234:0", file.string]).succeed()
        let before = try FileStatus(file)
        // Once by root, who can change the new file's owner, and once by a user who cannot, in a folder of their own.
        try await caasctl(["logout", "r.io"]).succeed()
        let byRoot = try FileStatus(file)
        #expect(byRoot.user == 1234 && byRoot.mode == 0o666 && byRoot.inode != before.inode)

        try folder.write("user/.docker/config.json", #"{"auths":{"r.io":{"auth":"YTp4"}}}"#, mode: 0o666)
        try await Command("chown", ["-R", "5678", folder("user").string]).succeed()
        try await Command("chown", ["1234:0", file.string]).succeed()
        var command = caasctl(["logout", "r.io"])
        let program = try folder.write("caasctl", "")
        try await Command("cp", [command.program, program.string]).succeed()
        try await Command("chmod", ["0755", program.string]).succeed()
        (command.arguments, command.program) = (
            ["--reuid=5678", "--regid=5678", "--clear-groups", program.string] + command.arguments, "setpriv"
        )
        #expect(try await command.succeed().contains("removed from \(file)"))
        #expect(try FileStatus(file).user == 1234 && FileStatus(file).mode == 0o666)
    }

    @Test func `DOCKER_AUTH_CONFIG comes first, and a login that it hides is said`() async throws {
        let registry = try await registry()
        let auth = Array("me:\(Self.password)".utf8)
        // The base64 text contains line breaks.
        let encoded = try await Command("base64", ["-w8"]).succeed(input: String(decoding: auth, as: UTF8.self))
        let entry: JSONValue = ["auths": [registry.host: ["auth": .string(encoded)]]]
        try folder.write("user/.docker/config.json", #"{"auths":{"\#(registry.host)":{"auth":"eDp5"}}}"#)
        let reference = "\(registry.host)/me/app:1"
        try await caasctl(["push", reference], ["DOCKER_AUTH_CONFIG": entry.text]).succeed()

        let wrong: [String: String?] = ["DOCKER_AUTH_CONFIG": #"{"auths":{"\#(registry.host)":{"auth":"eDp5"}}}"#]
        let login = ["login", registry.host, "--username", "me", "--password-stdin"]
        let hidden = try await caasctl(login, wrong).run(input: Self.password)
        let warning = "warning: DOCKER_AUTH_CONFIG has a login for \(registry.host) too, and is asked first"
        #expect(hidden.status == 0 && hidden.errors.contains(warning), "\(hidden.errors)")
        let refused = try await caasctl(["push", reference], wrong).run()
        #expect(refused.status == 1 && refused.errors.contains("user 'x' from DOCKER_AUTH_CONFIG"), "\(refused.errors)")
        let left = try await caasctl(["logout", registry.host], wrong).run()
        #expect(left.errors.contains("note: DOCKER_AUTH_CONFIG may still have a login"), "\(left.errors)")
        let broken = try await caasctl(["push", reference], ["DOCKER_AUTH_CONFIG": "{"]).run()
        #expect(broken.status == 1 && broken.errors.contains("cannot read DOCKER_AUTH_CONFIG: "), "\(broken.errors)")
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
