import POSIX
import SystemPackage
import TestSupport

/// Small images made by umoci and pushed by skopeo, so that none of our own code is involved.
struct TestImage {
    private let folder: TemporaryFolder
    private let layout: FilePath

    /// Creates an empty image in a folder.
    init(in folder: TemporaryFolder) async throws {
        self.folder = folder
        layout = folder("image")
        try await Command("umoci", ["init", "--layout", layout.string]).succeed()
        try await Command("umoci", ["new", "--image", "\(layout):test"]).succeed()
    }

    /// Creates a busybox image with a script that counts and can serve a page.
    ///
    /// Variables set how long it runs, its exit status, and whether it serves.
    static func busybox(in folder: TemporaryFolder) async throws -> TestImage {
        let busybox = try await Busybox.path().string
        try FileSystem.makeFolder(folder("root/bin"))
        try await Command("cp", ["--dereference", busybox, folder("root/bin/busybox").string]).succeed()
        for name in ["sh", "sleep", "httpd", "id", "mount", "cat"] {
            try FileSystem.makeSymbolicLink(folder("root/bin/\(name)"), to: "busybox")
        }
        try folder.write("root/etc/passwd", "root:x:0:0::/:/bin/sh\nweb:x:33:44::/:/bin/sh\n")
        try folder.write("root/www/index.html", "hello from the container\n")
        try folder.write(
            "root/run.sh",
            """
            #!/bin/sh
            echo "user $(id -u) port $PORT secret ${#TEST_SECRET} image $FROM_IMAGE"
            echo "to stderr" >&2
            cat /etc/resolv.conf /etc/hosts >/dev/null && : >/tmp/file && : >/dev/shm/file && echo "files are there"
            trap 'echo got TERM; exit 3' TERM
            [ -n "$SILENT" ] || httpd -p "$BIND_ADDRESS:$PORT" -h /www
            i=0
            while [ $i -lt "${ROUNDS:-1000}" ]; do echo "tick $i"; i=$((i+1)); sleep 0.5; done
            exit "${CODE:-0}"

            """, mode: 0o755)
        let image = try await TestImage(in: folder)
        try await image.insert(folder("root"))
        try await image.configure(["--config.entrypoint", "/run.sh", "--config.env", "FROM_IMAGE=yes"])
        return image
    }

    /// Adds a folder's content as a layer.
    func insert(_ content: FilePath) async throws {
        // Not with `umoci insert`: the archives of version 0.4.7 lack the last padding and the end-of-archive blocks.
        let archive = folder("layer.tar")
        try await Command(
            "tar", ["-cf", archive.string, "--owner=0", "--group=0", "-C", content.string, "."]
        ).succeed()
        try await add(layer: archive)
    }

    /// Adds a tar archive as a layer without checking it.
    func add(layer: FilePath) async throws {
        try await Command("umoci", ["raw", "add-layer", "--image", "\(layout):test", layer.string]).succeed()
    }

    func configure(_ options: [String]) async throws {
        try await Command("umoci", ["config", "--image", "\(layout):test"] + options).succeed()
    }

    /// Copies the image to a registry; `logins` is a docker configuration.
    func copy(to reference: String, logins: String) async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let file = try folder.write("auth.json", logins)
        try await Command(
            "skopeo",
            [
                "copy", "--quiet", "--dest-tls-verify=false", "--dest-authfile", file.string, "oci:\(layout):test",
                "docker://\(reference)",
            ]
        ).succeed()
    }
}
