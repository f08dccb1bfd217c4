import POSIX
import SystemPackage
import TestSupport
import Testing

/// Layers of trees, archives and wheels that nobody thought of, judged by umoci, containers/storage, our own `verify`,
/// and by what `cp`, `tar` and `unzip` make of the same sources.
///
/// `CAASCTL_LAYERS=1000` builds so many images, and `CAASCTL_SEED=5000` others; a seed that fails is built again alone
/// by `python3 Tests/IntegrationTests/RandomLayers`, whose head says what each judge looks at.
@Suite(.enabled(if: CurrentUser.id == 0, "only the administrator sees owners as they are"))
struct RandomLayerTests {
    @Test func `an image of random layers is what their sources say`() async throws {
        // In memory, as the random Dockerfiles are.
        let place = FileSystem.exists("/dev/shm") ? "/dev/shm" : "/tmp"
        let work = FilePath("\(place)/caasctl-random-\(UInt32.random(in: 0 ... .max))")
        defer { try? FileSystem.removeTree(work) }
        let program = Checkout.root.appending("Tests/IntegrationTests/RandomLayers")
        let outcome = try await Command(
            "python3",
            [
                "-B", program.string, "--caasctl", Checkout.program("caasctl"), "--work", work.string,
                "--seed", ProcessEnvironment.value("CAASCTL_SEED") ?? "1",
                "--count", ProcessEnvironment.value("CAASCTL_LAYERS") ?? "20",
            ], environment: ["SOURCE_DATE_EPOCH": nil]
        ).run()
        #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
        #expect(outcome.output.contains(" images, ") && !outcome.output.hasPrefix("0 images"))
    }
}
