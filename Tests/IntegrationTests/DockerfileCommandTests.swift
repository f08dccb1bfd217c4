import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests of `caasctl build --file` with the built program.
@Suite struct DockerfileCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func caasctl(_ arguments: [String], environment: [String: String?] = [:]) -> Command {
        .caasctl(arguments, in: folder, environment: environment)
    }

    /// Returns the content of a file in the image that was written to `oci:out:1`.
    private func content(_ path: String) async throws -> String {
        try FileSystem.removeTree(folder("bundle"))
        let rootless = CurrentUser.id == 0 ? [] : ["--rootless"]
        try await Command("umoci", ["unpack"] + rootless + ["--image", "\(folder("out")):1", folder("bundle").string])
            .succeed()
        return String(decoding: try FileSystem.read(folder("bundle/rootfs").appending(path)), as: UTF8.self)
    }

    @Test func `docker's own command line works, and the context is the Dockerfile's folder unless it is named`()
        async throws
    {
        try folder.write("app/Dockerfile", "FROM scratch\nCOPY file /\n")
        try folder.write("app/file", "content")
        let first = try await caasctl(["build", "-f", "app/Dockerfile", "-t", "example.org/app:1", "app"]).run()
        #expect(first.status == 0 && first.output.wholeMatch(of: #/sha256:[0-9a-f]{64}\n/#) != nil)
        #expect(
            first.errors == "COPY file /\nimage app: 1 layers, 157 bytes\n" || first.errors.hasPrefix("COPY file /\n"))
        let second = try await caasctl(["build", "--file", "app/Dockerfile"]).run()
        #expect(second.output == first.output)
    }

    @Test(
        arguments: [
            // The Dockerfile, further arguments, the exit status, and the error.
            (
                "FROM scratch\n\nCOPPY a b\n", [], 1,
                "Error: cannot read Dockerfile:3: unknown instruction 'COPPY'; did you mean 'COPY'?"
            ),
            (
                "FROM b AS a\nFROM a AS b\n", [], 1,
                "Error: cannot read Dockerfile:1: FROM goes in a circle: 'a' on 'b' on 'a' (line 2)"
            ),
            ("FROM scratch\nCOPY none /\n", [], 1, "Error: cannot read Dockerfile:2: there is no 'none' in ."),
            (
                "FROM scratch AS build\n", ["--target", "biuld"], 1,
                "Error: cannot read --target biuld: there is no such stage; did you mean 'build'?"
            ),
            ("FROM scratch\n", ["--build-arg", "=x"], 64, "Error: --build-arg takes NAME=value or NAME, not '=x'"),
            ("FROM scratch\n", ["--secret", "src=x"], 64, "Error: --secret 'src=x' has no id"),
            (
                "FROM scratch\n", ["--secret", "id=none_of_these"], 64,
                "Error: --secret none_of_these: the environment has no none_of_these"
            ),
            ("FROM scratch\n", ["nowhere"], 1, "Error: cannot examine nowhere: No such file or directory"),
            ("FROM oci:nowhere\n", [], 1, "Error: cannot use oci:./nowhere"),
            ("FROM Upper\n", [], 1, "Error: cannot read Dockerfile:1: cannot read image reference 'Upper'"),
        ] as [(String, [String], Int, String)])
    func `a mistake is one line`(_ text: String, _ arguments: [String], _ status: Int, _ error: String) async throws {
        try folder.write("Dockerfile", text)
        let outcome = try await caasctl(["build", "--file", "Dockerfile"] + arguments).run()
        #expect(outcome.status == status)
        #expect(outcome.errors.contains(error), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
    }

    @Test func `a folder with a Dockerfile and no image.yaml says what to type`() async throws {
        try folder.write("Dockerfile", "FROM scratch\n")
        let outcome = try await caasctl(["build", "."]).run()
        #expect(outcome.status == 1)
        #expect(outcome.errors.hasSuffix("; to build ./Dockerfile, type: caasctl build --file ./Dockerfile\n"))
        let bare = try await caasctl(["build", "--target", "x", "."]).run()
        #expect(bare.status == 64 && bare.errors.contains("--target needs --file"))
    }

    /// Returns the first instructions of a Dockerfile, which copy a shell into the image.
    private func system() async throws -> String {
        let busybox = try await Busybox.path().string
        try await Command("cp", ["--dereference", busybox, folder("busybox").string]).succeed()
        for name in ["cat", "env", "grep", "sh", "wc"] {
            try FileSystem.makeFolder(folder("links"))
            try? FileSystem.makeSymbolicLink(folder("links/\(name)"), to: "busybox")
        }
        return "FROM scratch\nCOPY links /bin\nCOPY --chmod=755 busybox /bin/busybox\n"
    }

    @Test func `heredocs are scripts for the shell, for their own interpreter, and files`() async throws {
        try folder.write(
            "Dockerfile",
            try await system() + """
                ENV NAME=value
                RUN <<EOF
                echo "$NAME" > /one
                echo second >> /one
                EOF
                RUN <<-"EOF" cat > /two
                \t\tnot "$NAME"
                \tEOF
                RUN <<EOF
                #!/bin/sh -e
                echo "script $0" > /three
                EOF
                RUN <<A cat >> /four && cat <<B >> /four
                a $NAME
                A
                b
                B
                """)
        try await caasctl(["build", "-f", "Dockerfile", "--output", "oci:out:1"]).succeed()
        #expect(try await content("one") == "value\nsecond\n")
        #expect(try await content("two") == "not \"$NAME\"\n")
        #expect(try await content("three") == "script /dev/pipes/EOF\n")
        #expect(try await content("four") == "a value\nb\n")
    }

    @Test func `a secret reaches its command alone, and a build that needs another says so`() async throws {
        try folder.write("password", "se3ret-value")
        try folder.write(
            "Dockerfile",
            try await system() + """
                ARG HTTP_PROXY
                RUN --mount=type=secret,id=file --mount=type=secret,id=variable,env=VARIABLE \\
                    wc -c < /run/secrets/file > /count && echo ${#VARIABLE} >> /count
                RUN cat /run/secrets/file > /gone || echo nothing > /gone
                RUN --mount=type=secret,id=absent test ! -e /run/secrets/absent
                """)
        let secrets = ["--secret", "id=file,src=password", "--secret", "id=variable,env=OTHER"]
        let outcome = try await caasctl(
            ["build", "-f", "Dockerfile", "--output", "oci:out:1"] + secrets, environment: ["OTHER": "0therSecret"]
        ).run()
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try await content("count") == "12\n11\n")
        #expect(try await content("gone") == "nothing\n")
        let search = "grep -rl -e se3ret-value -e 0therSecret home bundle || true"
        #expect(try await Command("sh", ["-c", search], in: folder.path).succeed() == "")
        try folder.write("Dockerfile", try await system() + "RUN --mount=type=secret,id=absent,required true\n")
        let missing = try await caasctl(["build", "-f", "Dockerfile"]).run()
        #expect(missing.status == 1)
        #expect(missing.errors.contains("there is no secret 'absent'; --secret id=absent,src=FILE gives it"))
    }

    @Test func `what a command prints of a secret is hidden, in its lines and in its failure`() async throws {
        try folder.write("key", "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n")
        let script = [
            "cat /run/secrets/key", #"echo "token $API_TOKEN""#, "base64 /run/secrets/key",
            #"printf %s "$API_TOKEN" | base64"#,
            "printf hunt", "sleep 0.2", "echo er2/hunter2", "sed 's/$/\\\\n/' /run/secrets/key | tr -d '\\n'", "echo",
            "od -An -v -tx1 /run/secrets/key", #"printf '\033]0;pwned\007\033[31mred\n'"#,
        ].joined(separator: "; ")
        for (end, status) in [("true", 0), ("exit 3", 1)] {
            try folder.write(
                "Dockerfile",
                try await system() + "ARG API_TOKEN\nRUN --mount=type=secret,id=key \(script); \(end) # \(status)\n")
            let outcome = try await caasctl([
                "build", "-f", "Dockerfile", "--secret", "id=key,src=key", "--build-arg", "API_TOKEN=hunter2/hunter2",
            ]).run()
            let said = outcome.output + outcome.errors
            #expect(outcome.status == status && said.contains("token <redacted>"), "\(said)")
            for part in [
                "MIIEvQ", "hkiG9w", "hunter2/hunter2", "TUlJRXZR", "aHVudGVyMi9o", "4d 49 49 45", "\u{1B}]", "\u{7}",
            ] {
                #expect(!said.contains(part), "\(part): \(said)")
            }
        }
    }

    @Test func `what a command changes is known again, until its instruction or what is below it changes`() async throws
    {
        let head = try await system()
        try folder.write("input", "1")
        try folder.write(
            "Dockerfile", head + "COPY input /\nARG A=b\nRUN cat /input > /made; cat /proc/uptime > /when\n")
        let build = caasctl(["build", "-f", "Dockerfile"])
        let first = try await build.succeed()
        #expect(try await build.succeed() == first)
        let given = try await caasctl(["build", "-f", "Dockerfile", "--build-arg", "A=c"]).succeed()
        #expect(given != first)
        // As in docker, a name alone takes the environment's value, and nothing where there is none.
        let named = caasctl(["build", "-f", "Dockerfile", "--build-arg", "A"], environment: ["A": "c"])
        #expect(try await named.succeed() == given)
        #expect(
            try await caasctl(["build", "-f", "Dockerfile", "--build-arg", "A"], environment: ["A": nil]).succeed()
                == first)
        try folder.write("input", "2")
        #expect(try await build.succeed() != first)
        try folder.write("input", "1")
        #expect(try await build.succeed() == first)
    }

    @Test func `no cache makes a command run again, for all stages or for those that are named`() async throws {
        let head = try await system()
        let stages = head.replacing("FROM scratch", with: "FROM scratch AS base")
        try folder.write(
            "Dockerfile",
            stages + "FROM base AS one\nRUN cat /proc/uptime >/when\nFROM base AS two\n"
                + "RUN cat /proc/uptime >/then\nFROM base\nCOPY --from=one /when /\nCOPY --from=two /then /\n")
        func build(_ options: [String] = []) async throws -> [String] {
            try FileSystem.removeTree(folder("out"))
            try await caasctl(["build", "-f", "Dockerfile", "--output", "oci:out:1"] + options).succeed()
            return [try await content("when"), try await content("then")]
        }
        let first = try await build()
        #expect(try await build() == first)
        let one = try await build(["--no-cache-filter", "one"])
        #expect(one[0] != first[0] && one[1] == first[1])
        #expect(try await build() == one)
        let all = try await build(["--no-cache"])
        #expect(all[0] != one[0] && all[1] != one[1])
        let none = try await caasctl(["build", "-f", "Dockerfile", "--no-cache-filter", "none"]).run()
        #expect(none.errors.contains("--no-cache-filter: there is no stage 'none'; there are base, one, two, 3"))
    }

    @Test func `another machine takes from a cache in a registry what commands made, and runs none of them`()
        async throws
    {
        let registry = try await DockerRegistry()
        let name = "127.0.0.1:\(registry.port)/cache:1"
        let head = try await system()
        let stages = head.replacing("FROM scratch", with: "FROM scratch AS base")
        try folder.write(
            "Dockerfile",
            stages
                + "FROM base AS made\nRUN cat /proc/uptime >/when\nRUN cat /when\nFROM base\nCOPY --from=made /when /\n"
                + "RUN cat /when /proc/uptime >/then\n")
        func build(_ options: [String], home: String) async throws -> (digest: String, said: String) {
            let outcome = try await caasctl(
                ["build", "-f", "Dockerfile"] + options, environment: ["CAASCTL_HOME": folder(home).string]
            ).run()
            #expect(outcome.status == 0, "\(outcome.errors)")
            return (outcome.output, outcome.errors)
        }
        // The first build finds no cache yet, and warns.
        let first = try await build(
            ["--cache-from", name, "--cache-to", "type=registry,ref=\(name),mode=max"], home: "one")
        #expect(first.said.contains("the cache \(name) is not used, since: cannot"), "\(first.said)")
        let second = try await build(["--cache-from", "type=registry,ref=\(name)"], home: "two")
        #expect(second.digest == first.digest && !second.said.contains("is not used"), "\(second.said)")
        #expect(try await build([], home: "three").digest != first.digest)
        // The build also pushes what it took from the cache, and other tools read the cache as an image.
        let again = "127.0.0.1:\(registry.port)/cache:2"
        #expect(try await build(["--cache-to", again], home: "two").digest == first.digest)
        #expect(try await build(["--cache-from", again], home: "four").digest == first.digest)
        let raw = try await Command("skopeo", ["inspect", "--raw", "--tls-verify=false", "docker://\(again)"]).succeed()
        #expect(try JSONValue(parsing: Array(raw.utf8)).list("layers").count == 3)
        // An ordinary image is not accepted as a cache.
        let image = "127.0.0.1:\(registry.port)/image:1"
        try await caasctl(["build", "-f", "Dockerfile", "-t", image, "--push"]).succeed()
        let third = try await build(["--cache-from", image], home: "five")
        #expect(third.said.contains("it is an image, or the cache of another version"), "\(third.said)")
    }

    @Test func `a base comes from a registry, with its layers where they are needed`() async throws {
        let registry = try await DockerRegistry()
        let name = "127.0.0.1:\(registry.port)/base:1"
        try folder.write("base/Dockerfile", "FROM scratch\nCOPY old /folder/\nENV A=b\n")
        try folder.write("base/old", "old")
        try await caasctl(["build", "-f", "base/Dockerfile", "-t", name, "--push"]).succeed()
        try FileSystem.removeTree(folder("home"))
        try folder.write("app/new", "new")
        try folder.write(
            "app/Dockerfile",
            "ARG BASE\nFROM $BASE\nCOPY new /folder\nCOPY --from=\(name) /folder/old /copied\nENV C=${A}d\n")
        try await caasctl([
            "build", "-f", "app/Dockerfile", "--build-arg", "BASE=\(name)", "--output", "oci:out:1",
        ]).succeed()
        #expect(try await content("folder/new") == "new")
        #expect(try await content("copied") == "old")
    }
}
