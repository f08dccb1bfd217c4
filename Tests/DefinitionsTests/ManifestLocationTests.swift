import Definitions
import POSIX
import SystemPackage
import TestSupport
import Testing
import Wording

struct ManifestLocationTests {
    @Test func `a folder is no manifest, whatever its name is`() throws {
        let folder = try TemporaryFolder()
        try folder.write("demo/readme", "")
        try folder.write("odd.yaml/readme", "")
        try folder.write("file", "name: x")
        #expect(try RunManifest.locate(folder("file").string) == folder("file"))
        #expect(try RunManifest.locate("none.yaml") == "none.yaml")
        for name in ["demo", "odd.yaml"] {
            let path = folder(name).string
            let error = #expect(throws: Failure.self) { try RunManifest.locate(path) }
            #expect(error?.description.contains("it is a folder, and there is no ") == true)
        }
        // Resolved in this checkout, next to its folder `manifests`. `demo` would be found there, and is an image's
        // folder elsewhere.
        let error = #expect(throws: Failure.self) { try RunManifest.locate("nobody") }
        #expect(error?.description.contains("there is neither such a file nor manifests/nobody.yaml") == true)
    }
}
