import POSIX
import SystemPackage
import TestSupport
import Testing

/// The folder's access: it contains set-user-ID programs of images, and private files in layers.
@Suite struct HomeFolderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func mode(_ path: FilePath) throws -> UInt32 { try FileStatus(path).mode & 0o7777 }

    @Test func `nobody else can enter it from the first moment`() throws {
        let home = folder("a/b/home")
        #expect(try HomeFolder.open(environment: ["CAASCTL_HOME": home.string]) == home)
        #expect(try mode(home) == 0o700)
        let data = folder("data")
        #expect(try HomeFolder.open(environment: ["XDG_DATA_HOME": data.string]) == data.appending("caasctl"))
        #expect(try mode(data.appending("caasctl")) == 0o700)
    }

    @Test func `one that is there is closed to others, unless it is not ours alone`() throws {
        try FileSystem.makeFolder(folder("open"))
        try FileSystem.setMode(folder("open"), 0o755)
        _ = try HomeFolder.open(environment: ["CAASCTL_HOME": folder("open").string])
        #expect(try mode(folder("open")) == 0o700)
        try FileSystem.setMode(folder("open"), 0o1777)
        let error = #expect(throws: HomeFolder.Refusal.self) {
            try HomeFolder.open(environment: ["CAASCTL_HOME": folder("open").string])
        }
        #expect(
            error?.description
                == "cannot keep images and keys in \(folder("open")): others use it; name a folder of its own by "
                + "CAASCTL_HOME, or type: chmod 700 \(folder("open"))")
        #expect(try mode(folder("open")) == 0o1777)
    }
}
