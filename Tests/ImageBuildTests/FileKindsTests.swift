import Definitions
import ImageStore
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests for every kind of file in Linux, compared with other programs.
@Suite struct FileKindsTests {
    private let fixture: BuildFixture
    private var folder: TemporaryFolder { fixture.folder }
    private static let isRoot = CurrentUser.id == 0

    init() throws { fixture = try BuildFixture() }

    private func yaml(_ more: String = "") -> String {
        "name: app\nbase: scratch\nlayers:\n  - files: {from: files, into: /a, owner: keep, mode: keep, mtime: keep\(more)}\n"
    }

    private func shell(_ script: String) async throws {
        try FileSystem.makeFolder(folder("image/files"))
        try await Command("sh", ["-euc", script], in: folder("image/files")).succeed()
    }

    /// Files that every user can make.
    private static let common = """
        mkdir -p d/empty sub; printf x > f; chmod 0640 f; printf y > exec; chmod 0751 exec; printf z > suid; chmod 6755 suid
        mkdir sticky; chmod 1777 sticky; mkdir setgid; chmod 2775 setgid
        ln f d/hard; ln f z-hard; ln -s f link; ln -s /etc/passwd absolute; ln -s nowhere dangling; ln -s loop loop; ln -s . dot
        printf a > "$(printf 'latin-\\351')"; printf b > 'sp ace'; printf c > "$(printf 'new\\nline')"; printf d > größe
        mkdir "$(printf 'dir-\\377')"; printf e > "$(printf 'dir-\\377/f')"
        : > empty; printf x > -dash; printf x > '[glob]*?'
        setfattr -n user.note -v value f; setfattr -n user.note -v folder d; setfattr -n user.xdg.origin.url -v secret exec
        truncate -s 3M sparse; printf end >> sparse; mkfifo -m 0620 pipe
        """
    /// Files that only root can make.
    private static let administrators = """
        chown 1000:1001 f d sub; chown -h 5:6 link
        chown 7:8 suid; chmod 6755 suid
        setcap cap_net_raw+ep exec
        setfacl -m u:1000:rwx,g:5:r f; setfacl -d -m u:1000:rwx d
        mknod -m 0666 null c 1 3; mknod -m 0600 block b 259 70000
        """

    /// Returns bsdtar's description of a tree: kinds, modes, owners, times, sizes, targets, devices, names, contents.
    private func describe(_ place: FilePath) async throws -> [String] {
        let keys = "mtree:!all,type,mode,uid,gid,size,time,link,device,nlink,sha256"
        let text = try await Command(
            "bsdtar", ["-cf", "-", "--format=mtree", "--options", keys, "-C", place.string, "."],
            environment: ["LC_ALL": "C.UTF-8"]
        ).succeed()
        // The first entry is the folder itself, which the unpacker made; it cannot always set a symbolic link's time.
        return text.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#mtree") && !$0.hasPrefix(". ") }
            .sorted()
    }

    private func attributes(_ place: FilePath) async throws -> [String] {
        let text = try await Command("getfattr", ["-Rhd", "-m", "-", "-e", "hex", "."], in: place).succeed()
        // Each file has a block of lines, in the order of the folder on the disk. Download URLs are not copied.
        let blocks = text.split(separator: "\n\n").map { block in
            block.split(separator: "\n").filter { !$0.hasPrefix("user.xdg.origin") }.joined(separator: "\n")
        }
        return blocks.filter { $0.contains("\n") }.sorted()
    }

    private func unpack(_ image: StoredImage) async throws -> FilePath {
        let output = try ImageOutput("oci:\(folder("layout")):v1")
        try fixture.store.export(image.descriptor, to: output, name: "app")
        let rootless = Self.isRoot ? [] : ["--rootless"]
        try await Command(
            "umoci", ["unpack"] + rootless + ["--image", "\(folder("layout")):v1", folder("bundle").string]
        ).succeed()
        return folder("bundle/rootfs/a")
    }

    @Test(.enabled(if: isRoot, "umoci makes owners and devices for the administrator alone"))
    func `umoci unpacks exactly the tree that was given`() async throws {
        try await shell(Self.common)
        try await shell(Self.administrators)
        try await shell("find . -exec touch -h -d @1234567890 {} +")
        let image = try await fixture.build(yaml(), isPrivileged: true)
        #expect(fixture.events.warnings == [])
        let unpacked = try await unpack(image)
        #expect(try await describe(unpacked) == describe(folder("image/files")))
        let attributes = try await attributes(unpacked)
        #expect(try await self.attributes(folder("image/files")) == attributes)
        #expect(attributes.count == 5)
        #expect(!attributes.joined().contains("user.xdg"))
    }

    @Test func `bsdtar unpacks what an ordinary user can make`() async throws {
        try await shell(Self.common)
        try await shell("find . -exec touch -h -d @1234567890 {} +")
        let image = try await fixture.build(yaml(", privileged: true"))
        try FileSystem.makeFolder(folder("unpacked"))
        let blob = fixture.store.path(of: try #require(image.manifest.layers.first).digest)
        try await Command("bsdtar", ["-xpf", blob.string, "-C", folder("unpacked").string]).succeed()
        #expect(try await describe(folder("unpacked/a")) == describe(folder("image/files")))
    }

    @Test func `as it stands in a definition without more, a mode is 0755 or 0644 and ACLs stay here`() async throws {
        try await shell("printf x > suid; chmod 6755 suid; setfacl -m u:1000:rwx suid; mkdir d; chmod 2770 d")
        let image = try await fixture.build(
            "name: app\nbase: scratch\nlayers:\n  - files: {from: files, into: /a}\n")
        #expect(
            try await fixture.list(image).dropFirst() == [
                "drwxr-xr-x 0:0 Jan 1 1970 a/d/", "-rwxr-xr-x 0:0 Jan 1 1970 a/suid",
            ])
    }

    /// Folders too deep for any path, and paths of 4,095 bytes, the longest that a system call accepts.
    @Test func `trees are deeper and paths longer than the system's limits`() async throws {
        try FileSystem.makeFolder(folder("image/files"))
        let script = """
            import os
            for name, count in (("d", 300), ("n" * 255, 20)):
                os.chdir("FILES")
                for _ in range(count):
                    os.mkdir(name)
                    os.chdir(name)
                open("end", "w").write(name[0])
            os.chdir("FILES")
            os.makedirs("/".join(["p" * 200] * 20))
            open("/".join(["p" * 200] * 20) + "/" + "q" * (4094 - 20 * 201), "w").write("longest")
            """.replacing("FILES", with: folder("image/files").string)
        try await Command("python3", ["-c", script]).succeed()
        let image = try await fixture.build("name: app\nbase: scratch\nlayers:\n  - files: {from: files, into: /}\n")
        let blob = fixture.store.path(of: try #require(image.manifest.layers.first).digest)
        // Removing them needs a walk like that of the survey.
        try await Command("rm", ["-rf", folder("image/files").string]).succeed()
        let listed = try await Command("bsdtar", ["-tf", blob.string]).succeed().split(separator: "\n").map(
            \.utf8.count)
        let count = [300, 1, 20, 1, 20, 1].reduce(0, +)
        let longest: [Int] = [4_864, 5_120, 5_123]
        #expect(listed.count == count)
        #expect(listed.sorted().suffix(3) == longest)
        #expect(listed.contains(4_094))
    }

    @Test func `a later layer wins, and the folders above it stay whose they were`() async throws {
        try await shell("mkdir -p app/conf; printf 1 > app/conf/file; printf 1 > app/other")
        try folder.write("image/data/file", "2")
        try folder.write("image/data/new", "2")
        let image = try await fixture.build(
            """
            name: app
            base: scratch
            layers:
              - files: {from: files, into: /srv, owner: "1000:1001"}
              - files: {from: data, into: /srv/app/conf}
              - files: {from: data/new, into: /srv/app/conf/deep}
            """)
        let above = [
            "drwxr-xr-x 0:0 Jan 1 1970 srv/", "drwxr-xr-x 1000:1001 Jan 1 1970 srv/app/",
            "drwxr-xr-x 1000:1001 Jan 1 1970 srv/app/conf/",
        ]
        #expect(
            try await fixture.list(image, layer: 1) == above + [
                "-rw-r--r-- 0:0 Jan 1 1970 srv/app/conf/file", "-rw-r--r-- 0:0 Jan 1 1970 srv/app/conf/new",
            ])
        #expect(
            try await fixture.list(image, layer: 2) == above + [
                "drwxr-xr-x 0:0 Jan 1 1970 srv/app/conf/deep/", "-rw-r--r-- 0:0 Jan 1 1970 srv/app/conf/deep/new",
            ])
        let output = try ImageOutput("oci:\(folder("layout")):v1")
        try fixture.store.export(image.descriptor, to: output, name: "app")
        let rootless = Self.isRoot ? [] : ["--rootless"]
        try await Command(
            "umoci", ["unpack"] + rootless + ["--image", "\(folder("layout")):v1", folder("bundle").string]
        ).succeed()
        #expect(try FileSystem.read(folder("bundle/rootfs/srv/app/conf/file")) == Array("2".utf8))
        #expect(try FileSystem.read(folder("bundle/rootfs/srv/app/other")) == Array("1".utf8))
    }

    @Test func `a folder that comes in for an exception stays whose it was`() async throws {
        try await shell("mkdir -p app/kept other; touch app/kept/file app/left other/left")
        try folder.write("image/data/file", "")
        let image = try await fixture.build(
            """
            name: app
            base: scratch
            layers:
              - files: {from: files, into: /srv, owner: "7:8", exclude: [app, other, "!app/kept/file", "!other/none"]}
              - files: {from: data, into: /srv/app/kept}
              - files: {from: data, into: /srv/other}
            """)
        #expect(
            try await fixture.list(image, layer: 1) == [
                "drwxr-xr-x 0:0 Jan 1 1970 srv/", "drwxr-xr-x 7:8 Jan 1 1970 srv/app/",
                "drwxr-xr-x 7:8 Jan 1 1970 srv/app/kept/", "-rw-r--r-- 0:0 Jan 1 1970 srv/app/kept/file",
            ])
        // No file of it was in the first layer, and so neither was the folder.
        #expect(try await fixture.list(image, layer: 2)[1] == "drwxr-xr-x 0:0 Jan 1 1970 srv/other/")
    }

    /// Combinations of the folder's own `.dockerignore`, a named file, and the list.
    @Test(arguments: [
        ("", ["a/.dockerignore", "a/docs/", "a/docs/keep", "a/src"]),
        (#", exclude: ["!docs/b", ".dockerignore"]"#, ["a/docs/", "a/docs/b", "a/docs/keep", "a/src"]),
        (
            ", exclude_file: none",
            ["a/.dockerignore", "a/docs/", "a/docs/b", "a/docs/deep/", "a/docs/deep/c", "a/docs/keep", "a/src"]
        ),
        (", exclude_file: other", ["a/.dockerignore"]),
    ])
    func `a .dockerignore is obeyed`(more: String, paths: [String]) async throws {
        for file in ["docs/b", "docs/keep", "docs/deep/c", "src"] { try folder.write("image/files/\(file)", "") }
        try folder.write("image/files/.dockerignore", "# comment\ndocs\n!docs/keep\n")
        try folder.write("image/other", "docs\nsrc\n")
        let image = try await fixture.build(
            "name: app\nbase: scratch\nlayers:\n  - files: {from: files, into: /a\(more)}\n")
        let listed = try await fixture.list(image).dropFirst().compactMap {
            $0.split(separator: " ").last.map(String.init)
        }
        #expect(listed == paths)
    }
}
