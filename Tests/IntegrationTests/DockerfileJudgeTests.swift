import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Builds the Dockerfiles in `Dockerfiles` by buildah and by caasctl, and expects equal images except for times.
///
/// The Dockerfiles avoid these peculiarities of buildah 1.28:
///
/// - It does not support heredocs.
/// - SHELL does not change how it writes CMD.
/// - It exposes a range of ports as one port.
/// - It removes a backslash from a LABEL whatever the escape character is.
/// - Folders that COPY --chmod creates have the mode 0755.
/// - ADD applies an archive's entry for `.` itself.
/// - RUN leaves the mount points that it created; the base contains them from the start.
@Suite struct DockerfileJudgeTests {
    /// The members of the config that a runtime uses.
    private static let settings = [
        "Cmd", "Entrypoint", "WorkingDir", "User", "ExposedPorts", "Labels", "Volumes", "StopSignal", "Healthcheck",
        "OnBuild",
    ]
    /// Lists each file's type, mode, owner, link target and content.
    private static let list = #"""
        cd "$1" && find . -mindepth 1 -printf '%P %y %m %U:%G %l\n' | LC_ALL=C sort \
        && find . -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum
        """#

    private let folder: TemporaryFolder
    private let context: FilePath

    init() throws {
        folder = try TemporaryFolder()
        context = folder("context")
    }

    private static func dockerfiles() throws -> [FilePath] {
        let folder = Checkout.root.appending("Tests/IntegrationTests/Dockerfiles")
        return try FileSystem.names(in: folder).map { folder.appending($0) }
    }

    private func caasctl(_ arguments: [String]) -> Command {
        Command(
            Checkout.program("caasctl"), arguments,
            environment: ["CAASCTL_HOME": folder("home").string, "SOURCE_DATE_EPOCH": nil], in: folder.path)
    }

    private func buildah(_ arguments: [String]) -> Command {
        let places = ["--root", folder("buildah/root").string, "--runroot", folder("buildah/run").string]
        return Command("buildah", places + ["--storage-driver", "vfs"] + arguments, in: context)
    }

    @Test(.enabled(if: CurrentUser.id == 0, "only the administrator sees owners as they are"))
    func `buildah makes the same images of the same Dockerfiles`() async throws {
        try await makeContext()
        try await makeBase()
        let files = try Self.dockerfiles()
        #expect(files.count >= 20)
        for file in files {
            let name = file.stem ?? ""
            var arguments = ["--file", file.string]
            let text = String(decoding: try FileSystem.read(file), as: UTF8.self)
            if text.contains("ARG BASE") { arguments += ["--build-arg", "BASE=oci:base:1"] }
            if text.contains("ARG GIVEN") { arguments += ["--build-arg", "GIVEN=given"] }
            let theirs = try await buildByBuildah(arguments + [context.string])
            let ours = try await buildByCaasctl(arguments + [context.string])
            #expect(ours.files == theirs.files, "\(name)")
            #expect(!ours.files.isEmpty, "\(name)")
            for setting in Self.settings {
                #expect(
                    Self.meaning(ours.config[setting]) == Self.meaning(theirs.config[setting]), "\(name): \(setting)")
            }
            #expect(Self.variables(ours.config) == Self.variables(theirs.config), "\(name): Env")
        }
    }

    private func buildByBuildah(_ arguments: [String]) async throws -> (files: [Substring], config: JSONValue) {
        let flags = ["bud", "--quiet", "--layers=false", "--isolation=chroot", "--format=docker", "--pull-never"]
        let id = try await buildah(flags + arguments).succeed()
        let inspection = try JSONValue(
            parsing: Array(try await buildah(["inspect", "--type", "image", id]).succeed().utf8))
        // The vfs driver stores each layer as a complete tree; the topmost is the file system of a container.
        let images = try JSONValue(parsing: try FileSystem.read(folder("buildah/root/vfs-images/images.json")))
        let image = images.array?.first { $0["id"]?.string == id }
        let tree = folder("buildah/root/vfs/dir").appending(try #require(image?["layer"]?.string))
        var config = try inspection.member("Docker").member("config")
        config["Labels"]?["io.buildah.version"] = nil
        return (try await files(in: tree), config)
    }

    private func buildByCaasctl(_ arguments: [String]) async throws -> (files: [Substring], config: JSONValue) {
        let output = folder("ours")
        try FileSystem.removeTree(output)
        let digest = try await caasctl(["build", "--output", "oci:\(output):1"] + arguments).succeed()
        func blob(_ digest: String) throws -> JSONValue {
            try JSONValue(parsing: FileSystem.read(output.appending("blobs/sha256/\(try Digest(digest).hexadecimal)")))
        }
        let config = try blob(try blob(digest).member("config").text("digest")).member("config")
        try FileSystem.removeTree(folder("bundle"))
        try await Command("umoci", ["unpack", "--image", "\(output):1", folder("bundle").string]).succeed()
        return (try await files(in: folder("bundle/rootfs")), config)
    }

    private func files(in tree: FilePath) async throws -> [Substring] {
        try await Command("sh", ["-c", Self.list, "list", tree.string]).succeed().split(separator: "\n")
    }

    /// Returns nil for null and for an empty array, object or text, which are all equivalent.
    private static func meaning(_ value: JSONValue?) -> JSONValue? {
        switch value {
        case nil, .null, .string(""), .array([]): nil
        case .object(let members): members.isEmpty ? nil : value
        default: value
        }
    }

    private static func variables(_ config: JSONValue) -> [String] {
        (config["Env"]?.array ?? []).compactMap(\.string).sorted()
    }

    /// Creates a small root file system in the context, where both builders find it by the same name.
    ///
    /// It has links to folders, users, and the mount points of buildah.
    private func makeBase() async throws {
        let root = folder("system/root")
        for name in ["bin", "dev", "home/app", "mnt", "proc", "run", "sys", "tmp", "usr/lib", "var/data", "etc"] {
            try FileSystem.makeFolder(root.appending(name))
        }
        try FileSystem.setMode(root.appending("tmp"), 0o1777)
        let busybox = try await Busybox.path().string
        try await Command("cp", ["--dereference", busybox, root.appending("bin/busybox").string]).succeed()
        for name in ["cat", "chmod", "chown", "echo", "find", "id", "ln", "ls", "mkdir", "rm", "sh", "sort", "touch"] {
            try FileSystem.makeSymbolicLink(root.appending("bin/\(name)"), to: "busybox")
        }
        try FileSystem.makeSymbolicLink(root.appending("lib"), to: "usr/lib")
        try FileSystem.makeSymbolicLink(root.appending("data"), to: "/var/data")
        try folder.write(
            "system/root/etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n")
        try folder.write("system/root/etc/group", "root:x:0:\nstaff:x:50:\napp:x:1001:\n")
        for name in ["etc/issue", "etc/hosts", "etc/hostname", "etc/resolv.conf", "usr/lib/x"] {
            try folder.write("system/root/\(name)", "")
        }
        try folder.write(
            "system/Dockerfile",
            """
            FROM scratch
            COPY root /
            ENV PATH=/usr/local/bin:/bin HOME=/root
            CMD ["/bin/sh"]
            """)
        let file = folder("system/Dockerfile").string
        try await caasctl(["build", "--file", file, "--output", "oci:\(context.appending("base")):1"]).succeed()
    }

    private func makeContext() async throws {
        for (name, content) in [
            ("a.txt", "a"), ("b.txt", "b"), ("script.sh", "#!/bin/sh\n"), ("folder/top.txt", "top"),
            ("folder/inner/deep.txt", "deep"), ("folder/private/p", "p"), ("folder/x.o", "o"), ("links/inner/x", "in"),
            ("with space.txt", "s"), ("folder with space/x y", "s"), ("empty/zero", ""), ("ignored/out.txt", "out"),
            ("ignored/kept.txt", "kept"), ("pack/one", "one"), ("pack/d/two", "two"),
        ] { try folder.write("context/\(name)", content) }
        try FileSystem.makeFolder(folder("context/empty/nothing"))
        try FileSystem.setMode(folder("context/script.sh"), 0o755)
        try FileSystem.setMode(folder("context/folder/private"), 0o700)
        try FileSystem.setMode(folder("context/folder/private/p"), 0o600)
        try FileSystem.setMode(folder("context/pack/one"), 0o640)
        for (name, target) in [
            ("folder/inner/up", "../a.txt"), ("links/to-file", "../a.txt"), ("links/to-folder", "../folder"),
            ("links/dangling", "/nowhere"), ("links/local", "inner"), ("pack/link", "one"),
        ] { try FileSystem.makeSymbolicLink(folder("context/\(name)"), to: FilePath(target)) }
        _ = try FileSystem.link(folder("context/pack/one"), as: folder("context/pack/second"))
        try folder.write(
            "context/.dockerignore", "# rules\nignored\n!ignored/kept.txt\n**/*.o\npack\nbase\n")
        let pack = """
            tar -cf plain.tar --owner=7 --group=8 --numeric-owner -C pack d link one second && gzip -k plain.tar \
            && mv plain.tar.gz packed.tar.gz && bzip2 -c plain.tar >packed.tar.bz2 && xz -c plain.tar >packed.tar.xz \
            && cp packed.tar.gz disguised.bin && python3 -m zipfile -c packed.zip pack
            """
        try await Command("sh", ["-c", pack], in: context).succeed()
    }
}
