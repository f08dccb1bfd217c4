import Archive
import Testing

@testable import ImageBuild

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
        let program = ExternalProgram(name: "env", advice: "", inherited: LayerFactory.inheritedByPackages)
        let lines = try await program.run([], environment: ["TZ": "UTC"]).split(separator: "\n")
        let names = Set(lines.map { String($0.prefix { $0 != "=" }) })
        #expect(names.isSubset(of: LayerFactory.inheritedByPackages.union(["TZ"])))
        #expect(names.isSuperset(of: ["PATH", "TZ"]))
    }
}
