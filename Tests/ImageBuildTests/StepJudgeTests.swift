import ImageLayers
import ImageStore
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing

@testable import ImageBuild
@testable import StepExecution

/// Compares layers with other programs, which run the same command and unpack the layer.
///
/// Only root can make all owners and devices.
@Suite(.enabled(if: CurrentUser.id == 0, "needs root"))
struct StepJudgeTests {
    private let fixture: StepFixture

    /// A script that runs programs of the host with the host's loader, because the image has none that set these.
    private static let script = """
        host() {
            program=$1; shift
            for loader in /host/lib64/ld-linux-* /host/lib/ld-linux-*; do
                if [ -e "$loader" ]; then
                    "$loader" --library-path "$(echo /host/lib/*-linux-gnu):$(echo /host/usr/lib/*-linux-gnu)" \
        "/host$program" "$@"
                    return
                fi
            done
        }
        rm /data/gone
        rm -r /data/old; mkdir /data/old; echo three >/data/old/three
        mkdir -p /a/b/c; echo x >/a/b/c/x; ln /a/b/c/x /a/linked; ln -s ../x /a/b/link; ln -s /nowhere /a/dangling
        echo tool >/a/tool; chmod 4755 /a/tool; chown 33:44 /a/tool
        mkdir -m 3777 /a/sticky; chown web:extra /a/sticky
        mkfifo /a/pipe
        mknod /a/device c 1 7; mknod /a/disk b 8 1
        rm /etc/issue; mkdir /etc/issue
        rm -r /tmp; echo file >/tmp
        mv /data/kept /data/moved
        touch "/a/  spaces and 'quotes'" "/a/größe" "$(echo '/a/nl_' | tr '_' '\\n')x" "$(printf '/a/\\377')"
        echo cap >/a/cap; host /usr/sbin/setcap cap_net_raw+ep /a/cap
        echo user >/a/user; host /usr/bin/setfattr -n user.note -v text /a/user
        host /usr/bin/setfacl -m u:33:r /a/user; host /usr/bin/setfacl -d -m u:33:rx /a/b
        """

    init() throws { fixture = try StepFixture() }

    @Test func `umoci and buildah see the tree that buildah makes with the same command`() async throws {
        let base = try await fixture.base()
        let script = Self.script
        let layer = try #require(
            try await fixture.run(script, on: [base]) {
                $0.mounts = [.bind(BindMount(source: .folder("/", digest: ""), target: "/host"))]
            })
        try export([base], as: "base")
        try export([base, layer], as: "ours")

        let layout = fixture.folder("layout").string
        let unpacked = fixture.folder("unpacked").string
        try await Command("umoci", ["unpack", "--image", "\(layout):ours", unpacked]).succeed()
        let ours = try await buildah(["from", "oci:layout:ours"])
        let theirs = try await buildah(["from", "oci:layout:base"])
        let run = ["run", "--isolation", "chroot", "--cap-add", "CAP_MKNOD", "-v", "/:/host:ro", theirs, "--"]
        try await buildah(run + ["/bin/sh", "-ec", script])
        let expected = try await tree(FilePath(try await buildah(["mount", theirs])))
        #expect(expected.count > 60)
        for folder in [unpacked + "/rootfs", try await buildah(["mount", ours])] {
            let found = try await tree(FilePath(folder))
            #expect(found.filter { !expected.contains($0) } == [], "only in \(folder)")
            #expect(expected.filter { !found.contains($0) } == [], "not in \(folder)")
        }
        for container in [ours, theirs] { try await buildah(["rm", container]) }
    }

    private func export(_ layers: [BuiltLayer], as name: String) throws {
        var image = ImageAssembly(base: nil, platform: .current, epoch: 0)
        for layer in layers { image.append(layer) }
        let stored = try image.store(in: fixture.store, annotations: [:])
        let output = try ImageOutput("oci:\(fixture.folder("layout")):\(name)")
        try fixture.store.export(stored.descriptor, to: output, name: name)
    }

    @discardableResult
    private func buildah(_ arguments: [String]) async throws -> String {
        let storage = [
            "--root", fixture.folder("buildah").string, "--runroot", fixture.folder("buildah-run").string,
            "--storage-driver", "vfs",
        ]
        // buildah makes a name from the layout's path, which must therefore be in lower case.
        return try await Command("buildah", storage + arguments, in: fixture.folder.path).succeed()
    }

    /// Returns lines for each file: kind, mode, owner, number of links, link target, digest and attributes.
    private func tree(_ root: FilePath) async throws -> [String] {
        let script = """
            cd "$1"
            # What buildah makes for its mounts.
            find . -mindepth 1 \\( -path ./proc -o -path ./sys -o -path ./dev -o -path ./run -o -path ./host -o -path './etc/host*' \
            -o -path ./etc/resolv.conf \\) -prune -o -printf '%y %m %U:%G %n %l %p\\n' | sort
            find . -type f ! -path './etc/host*' ! -path './etc/resolv.conf' ! -path './run/*' -exec sha256sum {} + | sort
            find . -type b -o -type c | sort | xargs stat -c '%n %t:%T'
            getfattr -R -P -h -d -m '^(user\\.note|security\\.capability|system\\.posix_acl.*)$' -e hex . | sort
            """
        return try await Command("bash", ["-c", script, "tree", root.string], environment: ["LC_ALL": "C.UTF-8"])
            .succeed().split(separator: "\n").map(String.init)
    }
}
