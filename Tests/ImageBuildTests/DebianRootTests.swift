import Archive
import Definitions
import Testing

@testable import ImageLayers
import Processes

@Suite struct DebianRootTests {
    @Test(arguments: [
        ("./", nil), ("./etc/", "etc"), ("./etc/hostname", nil), ("./etc/resolv.conf", nil),
        ("./etc/hosts", "etc/hosts"),
        ("./dev/", "dev"), ("./dev/pts/", nil), ("./var/cache/", "var/cache"), ("./var/cache/apt/", nil),
        ("./var/cachet", "var/cachet"), ("./var/log/apt/history.log", nil),
        ("./var/lib/apt/lists/", "var/lib/apt/lists"),
        ("./var/lib/apt/lists/lock", nil), ("./tmp/x", nil), ("./run/lock/", nil),
    ])
    func `nothing of the machine that made it stays`(path: String, expected: String?) {
        let entry = ArchiveEntry(.directory, path: Array(path.utf8), mode: 0o755, modified: 50)
        #expect(DebianRoot.entry(entry, newest: 100)?.name == expected)
    }

    @Test func `times are at most the release's, and a machine's id is empty`() {
        let entry = ArchiveEntry(
            .regular, path: Array("./etc/machine-id".utf8), mode: 0o444, user: 7, size: 33, modified: 101)
        let changed = DebianRoot.entry(entry, newest: 100)
        #expect(changed?.modified == 100)
        #expect(changed?.size == 0)
        #expect(changed?.user == 7)
        let link = ArchiveEntry(.hardLink, path: Array("./a".utf8), target: Array("./b/c".utf8), mode: 0o644)
        #expect(DebianRoot.entry(link, newest: 100)?.target == Array("b/c".utf8))
        #expect(DebianRoot.entry(ArchiveEntry(.blockDevice, path: Array("x".utf8), mode: 0o644), newest: 1) == nil)
    }

    @Test func `packages' scripts see little of the user's environment`() async throws {
        let program = ExternalProgram(name: "env", advice: "", inherited: LayerBuilder.inheritedByPackages)
        let lines = try await program.run([], environment: ["TZ": "UTC"]).split(separator: "\n")
        let names = Set(lines.map { String($0.prefix { $0 != "=" }) })
        #expect(names.isSubset(of: LayerBuilder.inheritedByPackages.union(["TZ"])))
        #expect(names.isSuperset(of: ["PATH", "TZ"]))
    }

    @Test func `a snapshot's mirrors are those of its time, and a chosen mirror is asked alone`() {
        let standard = DebianRelease.Places("bookworm", snapshot: nil, mirror: nil)
        #expect(standard.main == "http://deb.debian.org/debian/dists/bookworm")
        #expect(standard.lines.isEmpty)
        let past = DebianRelease.Places("bookworm", snapshot: .time("20261101T000000Z"), mirror: nil)
        let place = "https://snapshot.debian.org/archive"
        #expect(past.main == "\(place)/debian/20261101T000000Z/dists/bookworm")
        #expect(
            past.lines == [
                "deb \(place)/debian/20261101T000000Z bookworm main",
                "deb \(place)/debian/20261101T000000Z bookworm-updates main",
                "deb \(place)/debian-security/20261101T000000Z bookworm-security main",
            ])
        for snapshot in [nil, ImageDefinition.DebianSnapshot.time("20261101T000000Z")] {
            let chosen = DebianRelease.Places("bookworm", snapshot: snapshot, mirror: "http://m/debian")
            #expect(chosen.lines == ["http://m/debian"])
            #expect(chosen.others.isEmpty)
        }
        let mirror = DebianRelease.Places("sid", snapshot: .mirror("http://s/debian"), mirror: "http://m/debian")
        #expect(mirror.main == "http://s/debian/dists/sid")
    }
}
