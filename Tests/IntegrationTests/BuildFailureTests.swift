import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests of builds that are killed, that run concurrently, and that fill the disk.
@Suite struct BuildFailureTests {
    private let fixture: BuildFixture

    init() throws { fixture = try BuildFixture() }

    /// Runs a script in a mount namespace whose file system `disk` has 16 MiB free until `make_room` is called.
    private func onSmallDisk(_ script: String) async throws -> Command.Outcome {
        let disk = fixture.folder("disk")
        try FileSystem.makeFolder(disk)
        let user = CurrentUser.id == 0 ? [] : ["--user", "--map-root-user"]
        let caasctl = Checkout.program("caasctl")
        let prelude = """
            set -u; cd '\(fixture.folder.path)'; mount -t tmpfs -o size=48m,mode=0755 none '\(disk)' || exit 99
            head -c 32M /dev/zero >disk/ballast; make_room() { rm disk/ballast; }
            build() { '\(caasctl)' build "$@"; }
            sound() {
                (cd "$1/blobs/sha256" && sha256sum * | while read -r digest name; do
                    [ "$digest" = "$name" ] || echo "damaged $name"; done)
                # What a process notes of its use of the store is removed by others if it ends early.
                find '\(disk)' -name '.*.tmp' ! -name '.session.*' | sed 's/^/left /'
            }

            """
        return try await Command(
            "unshare", user + ["--mount", "--propagation", "private", "sh", "-c", prelude + script],
            environment: ["CAASCTL_HOME": fixture.folder("disk/home").string, "SOURCE_DATE_EPOCH": nil]
        ).run()
    }

    @Test func `a disk that is full gives one line, leaves nothing unfinished, and the next build is right`()
        async throws
    {
        try await fixture.writeImage("small", megabytes: 1)
        try await fixture.writeImage("big", layers: 3, megabytes: 2)
        let expected = try await fixture.caasctl("build", "small").succeed()
        let big = try await fixture.caasctl("build", "big").succeed()
        let outcome = try await onSmallDisk(
            """
            build big 2>errors; echo "status $?"
            grep -c . errors; tail -n1 errors
            sound disk/home/store
            build small 2>/dev/null
            sound disk/home/store
            make_room; build big 2>/dev/null
            """)
        let lines = outcome.output.split(separator: "\n").map(String.init)
        try #require(lines.count == 5, "\(outcome)")
        #expect(lines[0] == "status 1")
        // The line of the build step, and the error.
        #expect(["2", "3"].contains(lines[1]))
        #expect(lines[2].hasPrefix("Error: cannot write \(fixture.folder("disk/home/store/tmp"))/"))
        #expect(lines[2].hasSuffix(": No space left on device"))
        #expect(lines[3] == expected)
        #expect(lines[4] == big)
    }

    @Test(arguments: ["oci:disk/out", "oci-archive:disk/out.tar", "docker-archive:disk/out.tar", "docker-archive:-"])
    func `an output on a full disk leaves nothing, and the image is in the store`(output: String) async throws {
        try await fixture.writeImage("big", layers: 1, megabytes: 5)
        let expected = try await fixture.caasctl("build", "big").succeed()
        let outcome = try await onSmallDisk(
            """
            export CAASCTL_HOME='\(fixture.home)'
            build big --output '\(output)' 2>errors >disk/stdout; echo "status $?"
            tail -n1 errors; rm -f disk/stdout
            find disk -type f -size +4k ! -name ballast; find disk -name '.*.tmp'
            [ ! -e disk/out.tar ] || echo "out.tar is there"
            make_room; build big --output '\(output)' 2>/dev/null >disk/stdout
            case '\(output)' in
            oci:*) skopeo inspect --raw oci:disk/out:latest | sha256sum | sed 's/ .*//' ;;
            *-) tar -xOf disk/stdout index.json | grep -o 'sha256:[0-9a-f]*' ;;
            *) tar -xOf disk/out.tar index.json | grep -o 'sha256:[0-9a-f]*' ;;
            esac
            """)
        let lines = outcome.output.split(separator: "\n").map(String.init)
        try #require(lines.count == 3, "\(outcome)")
        #expect(lines[0] == "status 1")
        let place = output.hasSuffix("-") ? "standard output" : "disk/out"
        #expect(lines[1].hasPrefix("Error: cannot write \(place)"))
        #expect(lines[1].hasSuffix(": No space left on device"))
        #expect(!output.contains("archive") || !lines[1].contains(".tmp"))
        #expect(expected.hasSuffix(lines[2].replacing("sha256:", with: "")))
        try await fixture.expectValidStore()
    }

    @Test func `a build that is killed at any moment leaves a valid store, and the next is right`() async throws {
        try await fixture.writeImage("app", layers: 3, megabytes: 1, platforms: "linux/amd64, linux/arm64")
        var whole = fixture
        whole.home = fixture.folder("other")
        let expected = try await whole.caasctl("build", "app").succeed()
        for pause in stride(from: 15, through: 300, by: 15) {
            let killed = try fixture.start("build", fixture.folder("images/app").string, "--tag", "me/app:1")
            try await Task.sleep(for: .milliseconds(pause))
            killed.signal(9)
            _ = try await eventually { killed.status }
            try await fixture.expectValidStore()
            // Every second build finds the leftovers of the one before; the others start with an empty home.
            if pause % 30 == 0 { try FileSystem.removeTree(fixture.home) }
        }
        #expect(try await fixture.caasctl("build", "app").succeed() == expected)
        try await fixture.expectValidStore()
        // Leftovers of killed processes are removed once they are too old to belong to a running process.
        for name in [
            "store/tmp/.blob.1.1.tmp", "store/.index.json.1.1.tmp", "store/sources/sha256/.x.json.1.1.tmp",
            "store/sessions/.session.1.1.tmp",
        ] {
            try FileSystem.makeFolder(fixture.home.appending(name).removingLastComponent())
            try FileSystem.write([1], to: fixture.home.appending(name))
        }
        let left = try await fixture.leftovers(in: fixture.home)
        #expect(left.count >= 3)
        try await Command("touch", ["--date=1 hour ago"] + left).succeed()
        #expect(try await fixture.caasctl("build", "app").succeed() == expected)
        #expect(try await fixture.leftovers(in: fixture.home) == [])
    }

    @Test func `builds of one image at once in an empty home are all right`() async throws {
        try await fixture.writeImage("app", layers: 2, megabytes: 1, platforms: "linux/amd64, linux/arm64")
        let fixture = fixture
        let first = try await withThrowingTaskGroup(of: String.self, returning: Set<String>.self) { group in
            for number in 0..<4 {
                group.addTask {
                    try await fixture.caasctl("build", "app", "--tag", "me/app:\(number)", "--output", "oci:layout:v1")
                        .succeed()
                }
            }
            var digests: Set<String> = []
            for try await digest in group { digests.insert(digest) }
            return digests
        }
        #expect(first.count == 1)
        try await fixture.expectValidStore()
        let index = try JSONValue(parsing: try FileSystem.read(fixture.store.appending("index.json")))
        #expect(try index.list("manifests").count == 5)
        let raw = try await Command("skopeo", ["inspect", "--raw", "oci:\(fixture.folder("layout")):v1"]).succeed()
        #expect(Digest(of: Array(raw.utf8)).description == first.first)
        #expect(try await fixture.leftovers(in: fixture.folder.path) == [])
    }
}
