import Definitions
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing

/// The folders `images`, `entrypoints` and `manifests` of this checkout are examples, and all of them are read.
@Suite struct ExampleTests {
    private static func files(in folder: String, _ suffix: String) -> [String] {
        let root = Checkout.root.appending(folder)
        let names = (try? FileSystem.names(in: root)) ?? []
        return names.map { root.appending($0.string + suffix).string }.filter { $0.hasSuffix(".yaml") }
    }

    @Test(arguments: files(in: "images", "/image.yaml")) func `every image is read`(file: String) throws {
        let image = try ImageDefinition(reading: FilePath(file), environment: [:])
        if let program = try image.locateProgram() { _ = try ProgramDefinition(reading: program) }
    }

    @Test(arguments: files(in: "entrypoints", "")) func `every program is read`(file: String) throws {
        _ = try ProgramDefinition(reading: FilePath(file))
    }

    @Test(arguments: files(in: "manifests", "")) func `every manifest is read`(file: String) throws {
        let variables = [
            "CAASCTL_REGISTRY": "127.0.0.1:5000", "GITHUB_USER": "me", "R2_ACCESS_KEY_ID": "id",
            "R2_SECRET_ACCESS_KEY": "a-long-secret", "R2_BUCKET_NAME": "runs", "R2_ENDPOINT_URL": "http://127.0.0.1:9",
            "REGISTRY_USERNAME": "me", "REGISTRY_PASSWORD": "another-secret", "WANDB_RUN": "one",
        ]
        _ = try RunManifest(reading: FilePath(file), settings: Settings(environment: variables))
    }
}
