import Definitions
import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing

/// The examples in images/, entrypoints/ and manifests/, which new users start from, must stay valid.
struct ExamplesTests {
    /// The variables that `caasctl sandbox env` sets.
    private static let environment = [
        "CAASCTL_REGISTRY": "127.0.0.1:5000", "R2_ENDPOINT_URL": "http://127.0.0.1:9000", "R2_BUCKET_NAME": "sandbox",
        "R2_ACCESS_KEY_ID": "sandbox-id", "R2_SECRET_ACCESS_KEY": "sandbox-secret",
    ]

    /// Returns the paths in one of the checkout's folders.
    static func files(in folder: String, ending: String = ".yaml") throws -> [FilePath] {
        let path = Checkout.root.appending(folder)
        let names = try FileSystem.names(in: path).filter { $0.string.hasSuffix(ending) }
        return names.map { path.appending($0) }
    }

    @Test func `every image can be read`() throws {
        let folders = try Self.files(in: "images", ending: "")
        #expect(!folders.isEmpty)
        for folder in folders {
            let image = try ImageDefinition(reading: folder.appending("image.yaml"), environment: [:])
            #expect(image.name == folder.lastComponent?.string)
        }
    }

    @Test func `every program can be read`() throws {
        let files = try Self.files(in: "entrypoints")
        #expect(!files.isEmpty)
        for file in files {
            let program = try ProgramDefinition(reading: file).program
            #expect(program.name == file.stem)
            #expect(!program.stages.isEmpty)
        }
    }

    @Test func `every manifest can be read with the sandbox's environment`() throws {
        let files = try Self.files(in: "manifests")
        #expect(!files.isEmpty)
        for file in files {
            let manifest = try RunManifest(reading: file, settings: Settings(environment: Self.environment))
            #expect(manifest.name == file.stem)
        }
    }
}
