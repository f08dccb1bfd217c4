import Definitions
import OCI
import SystemPackage
import Testing
import Wording

@Suite struct ImageDefinitionTests {
    private static let file: FilePath = "images/demo/image.yaml"

    private func parse(
        _ text: String, buildArguments: [String: String] = [:], environment: [String: String] = [:]
    ) throws -> ImageDefinition {
        try ImageDefinition(
            parsing: text, file: Self.file, buildArguments: buildArguments, environment: environment)
    }

    @Test func `a file with everything is read as text`() throws {
        let image = try parse(
            """
            name: demo
            base: scratch
            platforms: [linux/amd64, linux/arm64/v8]
            layers:
              - debian: {suite: bookworm, packages: [python3, python3-numpy, "libc6:amd64"]}
              - git: {url: "${REPOSITORY:-https://example.org/r.git}", commit: 1234567890123456789012345678901234567890, into: /src}
              - files: {from: files, into: /workspace/, exclude: ["**/__pycache__"], owner: 1:30, mode: 0755, mtime: keep, split: 64MiB}
              - files:
                  from: /absolute
                  into: /
                  owner: keep
                  mode: keep
                  split: none
                  privileged: true
                  exclude_file: none
            program: demo
            environment: {PYTHONPATH: /opt/site, EMPTY: "", VERSION: 1.10}
            workdir: /workspace
            user: 1000:1000
            ports: [8000, 53/udp]
            labels: {a: "yes"}
            stop_signal: SIGTERM
            volumes: [/data]
            """)
        #expect(image.name == "demo")
        #expect(image.base == .scratch)
        #expect(image.platforms.map(\.description) == ["linux/amd64", "linux/arm64/v8"])
        guard case .debian(let debian) = image.layers[0], case .git(let git) = image.layers[1],
            case .files(let files) = image.layers[2], case .files(let others) = image.layers[3]
        else {
            Issue.record("the layers are of other kinds")
            return
        }
        #expect(debian.packages == ["python3", "python3-numpy", "libc6:amd64"])
        #expect(git.url == "https://example.org/r.git")
        #expect(git.commit == "1234567890123456789012345678901234567890")
        #expect(files.from == "images/demo/files")
        #expect(files.into == "/workspace")
        #expect(files.owner == FileOwner(user: 1, group: 30))
        #expect(files.mode == .fixed(0o755))
        #expect(files.modificationTime == .keep)
        #expect(others.from == "/absolute")
        #expect(others.into == "/")
        #expect(files.split == .size(64 << 20))
        #expect(!files.isPrivileged)
        #expect(files.ignoreFile == nil)
        #expect(others.owner == nil)
        #expect(others.mode == .keep)
        #expect(others.split == .never)
        #expect(others.isPrivileged)
        #expect(others.ignoreFile == ImageDefinition.IgnoreFile.none)
        #expect(others.modificationTime == .epoch)
        #expect(image.environment == ["PYTHONPATH": "/opt/site", "EMPTY": "", "VERSION": "1.10"])
        #expect(image.ports == ["8000/tcp", "53/udp"])
        #expect(image.labels == ["a": "yes"])
    }

    @Test func `variables come from the build arguments and then from the environment, and only once`() throws {
        let text = "name: demo\nbase: \"${BASE}\"\nlabels: {a: \"${A:-none}\", b: \"$${B}\", c: \"${C:-}\"}\n"
        let image = try parse(
            text, buildArguments: ["BASE": "scratch"], environment: ["BASE": "debian:12", "A": "${B}"])
        #expect(image.base == .scratch)
        #expect(image.labels == ["a": "${B}", "b": "${B}", "c": ""])
    }

    @Test func `anchors and aliases are followed`() throws {
        let image = try parse(
            """
            name: demo
            base: scratch
            labels: &texts {a: b}
            annotations: *texts
            """)
        #expect(image.annotations == ["a": "b"])
    }

    @Test func `a base in a layout is relative to the image's folder`() throws {
        let base = try parse("name: demo\nbase: oci-archive:bases/a.tar:v1").base
        let location = LayoutLocation(.ociArchive, "images/demo/bases/a.tar", name: "v1")
        #expect(base == .layout(location, text: "oci-archive:bases/a.tar:v1"))
        let absolute = try parse("name: demo\nbase: oci:/srv/layout").base
        #expect(absolute == .layout(LayoutLocation(.layout, "/srv/layout", name: nil), text: "oci:/srv/layout"))
    }

    private static let commit = "1234567890123456789012345678901234567890"
    private static let mistakes = [
        // Unknown keys
        Mistake("nam: demo", says: ":1: unknown key 'nam'; did you mean 'name'?"),
        Mistake("name: demo\nbase: scratch\nxyzzy: 1", says: ":3: unknown key 'xyzzy'"),
        Mistake(
            "name: demo\nbase: scratch\nlayers:\n  - debian:\n      suite: bookworm\n\n      pakages: [a]",
            says: ":7: unknown key 'pakages' in layers[0].debian; did you mean 'packages'?"),
        Mistake(
            "name: demo\nbase: scratch\nlayers:\n  - debain: {suite: bookworm}",
            says: ":4: unknown key 'debain' in layers[0]; did you mean 'debian'?"),
        Mistake(
            "name: demo\nbase: scratch\nlayers: [{files: {from: a, into: /, onwer: \"0:0\"}}]",
            says: ":3: unknown key 'onwer' in layers[0].files; did you mean 'owner'?"),
        // Missing keys
        Mistake("base: scratch", says: ":1: 'name' is missing"),
        Mistake("name: demo", says: ":1: 'base' is missing"),
        Mistake(
            "name: demo\nbase: scratch\nlayers:\n  - git: {url: x, into: /}",
            says: ":4: 'commit' is missing in layers[0].git"),
        // Wrong types
        Mistake("[a]", says: ":1: the document is a list; a mapping was expected"),
        Mistake("name: [demo]\nbase: scratch", says: ":1: 'name' is a list; a name was expected"),
        Mistake("name:\nbase: scratch", says: ":1: 'name' is empty; a name was expected"),
        Mistake(
            "name: Demo\nbase: scratch",
            says: ":1: 'name' is 'Demo'; a name of at most 63 lower-case letters, digits, '-' and '_' was expected"),
        Mistake("name: demo\nbase: scratch\nlayers: files", says: ":3: 'layers' is 'files'; a list was expected"),
        Mistake(
            "name: demo\nbase: scratch\nlayers:\n  - debian: {suite: bookworm, packages: python3}",
            says: ":4: 'layers[0].debian.packages' is 'python3'; a list of packages was expected"),
        Mistake(
            "name: demo\nbase: scratch\nlayers:\n  - debian: {suite: bookworm, packages: [-o=Dir::Etc]}",
            says: ":4: 'layers[0].debian.packages[0]' is '-o=Dir::Etc'; a package's name was expected"),
        Mistake(
            "name: demo\nbase: scratch\nlayers: [{files: {from: a, into: b}}]",
            says: ":3: 'layers[0].files.into' is 'b'; an absolute path was expected"),
        Mistake(
            "name: demo\nbase: scratch\nlayers: [{files: {from: a, into: /b/../c}}]",
            says: ":3: 'layers[0].files.into' is '/b/../c'; an absolute path was expected"),
        Mistake(
            "name: demo\nbase: scratch\nlayers: [{files: {from: a, into: /, mode: 9}}]",
            says: ":3: 'layers[0].files.mode' is '9'; a mode in octal, as in 0755, was expected"),
        Mistake(
            "name: demo\nbase: scratch\nlayers: [{files: {from: a, into: /, owner: root}}]",
            says: ":3: 'layers[0].files.owner' is 'root'; a user's and a group's number, as in 0:0, was expected"),
        Mistake(
            "name: demo\nbase: scratch\nlayers: [{files: {from: a, into: /, mtime: now}}]",
            says: ":3: 'layers[0].files.mtime' is 'now'; epoch or keep was expected"),
        Mistake(
            "name: demo\nbase: scratch\nlayers: [{files: {from: a, into: /, split: 1GB}}]",
            says: ":3: 'layers[0].files.split' is '1GB'; a size, as in 512MiB, was expected"),
        Mistake(
            "name: demo\nbase: scratch\nlayers: [{git: {url: a, into: /, commit: --upload-pack}}]",
            says: ":3: 'layers[0].git.commit' is '--upload-pack'; "
                + "a commit of 40 or 64 hexadecimal digits, or the name of a branch or tag, was expected"),
        Mistake(
            "name: demo\nbase: scratch\nlayers: [{debian: {suite: sid, snapshot: yesterday}}]",
            says: ":3: 'layers[0].debian.snapshot' is 'yesterday'; "
                + "a time, as in 20261101T000000Z, or a mirror's URL was expected"),
        Mistake(
            "name: demo\nbase: scratch\nlayers: [{python: {requirements: r, into: /opt, version: \"3\"}}]",
            says: ":3: 'layers[0].python.version' is '3'; a version of Python, as in \"3.11\", was expected"),
        Mistake(
            "name: demo\nbase: scratch\nlayers: [{python: {requirements: r, into: /, version: 3.11}}]",
            says: ":3: 'layers[0].python.into' is '/'; a folder of its own, without ':' in its name, was expected"),
        Mistake(
            "name: demo\nbase: scratch\nlayers: [{python: {requirments: r, into: /opt, version: 3.11}}]",
            says: ":3: unknown key 'requirments' in layers[0].python; did you mean 'requirements'?"),
        Mistake(
            "name: demo\nbase: scratch\nlayers: [{archive: {from: a.tar, into: /opt, sha256: abc}}]",
            says: ":3: 'layers[0].archive.sha256' is 'abc'; 64 hexadecimal digits was expected"),
        Mistake(
            "name: demo\nbase: scratch\nports: [70000]",
            says: ":3: 'ports[0]' is '70000'; a port, as in 8000 or 8000/tcp, was expected"),
        Mistake(
            "name: demo\nbase: Debian:12",
            says: ":2: 'base': cannot read image reference 'Debian:12': the repository 'Debian' must be lower case"),
        Mistake(
            "name: demo\nbase: scratch\nenvironment: {1A: b}",
            says: ":3: '1A' in environment is not a variable's name"),
        Mistake(
            "name: demo\nbase: scratch\nenvironment:\n  A:",
            says: ":4: 'environment.A' is empty; write \"\" for an empty text"),
        Mistake(
            "name: demo\nbase: debian:12\nlayers: [{debian: {suite: bookworm}}]",
            says: ":3: 'layers[0].debian' needs 'base: scratch'"),
        Mistake(
            "name: demo\nbase: scratch\nprogram: demo\ncommand: [a]",
            says: ":4: 'command' and 'program' exclude each other: a program has its own entrypoint"),
        // Variables
        Mistake(
            "name: demo\nbase: \"${BASE}\"",
            says: ":2: 'base' needs BASE, which is not set; set it, or write ${BASE:-default}"),
        Mistake(
            "name: demo\nbase: \"${BASE\"",
            says: ":2: 'base': cannot expand '${BASE': a '${' has no '}'"),
        Mistake(
            "name: demo\nbase: scratch\nlabels: {a: \"${WANDB_API_KEY}\"}",
            says: ":3: 'labels.a' uses WANDB_API_KEY, which by its name is a secret: an image keeps none; "
                + "list it in 'secrets' of the manifest instead"),
        Mistake(
            "name: demo\nbase: scratch\nlabels: {a: \"${R2_BUCKET_NAME:-x}\"}",
            says: ":3: 'labels.a' uses R2_BUCKET_NAME, which by its name is a secret: an image keeps none; "
                + "list it in 'secrets' of the manifest instead"),
        Mistake(
            "name: demo\nbase: scratch\nenvironment:\n  HF_TOKEN: hf_1",
            says: ":4: HF_TOKEN in environment is by its name a secret or a deployment's own: "
                + "an image keeps none; set it in the manifest"),
        // YAML
        Mistake("", says: ": it is empty"),
        Mistake("name: demo\nname: demo", says: ":1: the key 'name' is there twice"),
        Mistake(
            "name: demo\n\tbase: scratch", says: ":2: invalid YAML: found a tab character that violates indentation"),
        Mistake(
            "name: demo\nlayers: [${A}]",
            says: ":2: invalid YAML: did not find expected ',' or ']'; in flow style a value with '${' must be quoted"),
        Mistake("name: *demo", says: ":1: invalid YAML: found undefined alias"),
        // Values that are not allowed
        Mistake(
            "name: demo\nbase: scratch\nlayers: [{files: {from: a, into: /, split: 5KiB}}]",
            says: ":3: 'layers[0].files.split' is '5KiB'; none or a size of at least 1MiB was expected"),
        Mistake(
            "name: demo\nbase: scratch\nplatforms: [linux/amd64, linux/x86_64]",
            says: ":3: 'platforms' names linux/amd64 twice"),
        Mistake(
            "name: demo\nbase: scratch\nplatforms: [windows/amd64]",
            says: ":3: images are built for linux, not for windows"),
        Mistake("name: demo\nbase: scratch\nplatforms: []", says: ":3: 'platforms' names none"),
        Mistake(
            "name: demo\nbase: oci:layout:tag:other",
            says: ":2: 'base' is 'oci:layout:tag:other'; "
                + "oci:DIR, oci:DIR:TAG, oci-archive:FILE or oci-archive:FILE:TAG was expected"),
    ]

    @Test(arguments: mistakes) func `a mistake is named with its line`(mistake: Mistake) {
        let error = #expect(throws: Failure.self) { try parse(mistake.text) }
        #expect(error?.description == "cannot read images/demo/image.yaml\(mistake.says)")
    }

    @Test func `a build argument that nothing uses is an error`() {
        let error = #expect(throws: Failure.self) {
            try parse("name: demo\nbase: scratch", buildArguments: ["BASE": "debian:12"])
        }
        #expect(
            error?.description
                == "cannot read images/demo/image.yaml: nothing in it uses ${BASE}, which --build-arg sets")
    }

    @Test func `a file that is not there is named`() {
        let error = #expect(throws: Failure.self) {
            try ImageDefinition(reading: "/nowhere/image.yaml", environment: [:])
        }
        #expect(error?.description == "cannot read /nowhere/image.yaml: No such file or directory")
    }

    @Test func `aliases that grow without end are refused`() {
        var text = "name: demo\nbase: scratch\na: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let alias = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "b\(level): &a\(level) [\(alias)]\n"
        }
        let error = #expect(throws: Failure.self) { try parse(text) }
        #expect(error?.reason == "its aliases make it too big")
    }

    /// Keys are compared before anybody sees them.
    @Test(.timeLimit(.minutes(1)), arguments: ["? *a9\n: 1\n", "{*a9 : 1}\n", "[*a9]: 1\n", "*a9 : 1\n"])
    func `aliases that grow without end are refused as keys too`(end: String) {
        var text = "name: demo\nbase: scratch\na: &a0 [x, x]\n"
        for level in 1...9 {
            let alias = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "b\(level): &a\(level) [\(alias)]\n"
        }
        let error = #expect(throws: Failure.self) { try parse(text + end) }
        #expect(error?.reason == "its aliases make it too big")
    }

    @Test func `what looks like an alias and is none makes nothing big`() throws {
        let labels = (0..<20).map { "  l\($0): |\n    cmd && ls *b *c & a 2>&1\n    * d *e\n" }.joined()
        #expect(throws: Never.self) { try parse("name: demo\nbase: scratch\nlabels:\n\(labels)") }
        let shared = (0..<40).map { "  l\($0): *text\n" }.joined()
        #expect(try parse("name: demo\nbase: scratch\nuser: &text me\nlabels:\n\(shared)").labels.count == 40)
    }

    /// Each value would else hold the whole way to it, and each key would be compared with all before it.
    @Test(.timeLimit(.minutes(1))) func `long keys and many of them take neither long nor much`() {
        let key = String(repeating: "k", count: 100_000)
        let list = "name: demo\nbase: scratch\n? \(key)\n: [\(String(repeating: "1,", count: 90_000))]\n"
        #expect(throws: Failure("read images/demo/image.yaml:3", "unknown key '\(key)'")) { try parse(list) }
        let labels = (0..<45_000).map { "  \(String($0, radix: 36)): 1\n" }.joined()
        #expect(throws: Never.self) { try parse("name: demo\nbase: scratch\nlabels:\n\(labels)") }
    }
}
