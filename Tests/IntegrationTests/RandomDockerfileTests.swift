import POSIX
import SystemPackage
import TestSupport
import Testing

/// Dockerfiles and contexts that nobody thought of, judged by buildah, umoci, containers/storage and our own `verify`.
///
/// `CAASCTL_DOCKERFILES=1000` builds so many, and `CAASCTL_SEED=5000` others; a seed that fails is built again alone by
/// `python3 Tests/IntegrationTests/RandomDockerfiles`, whose head says what each judge looks at.
@Suite(.enabled(if: CurrentUser.id == 0, "only the administrator sees owners as they are"))
struct RandomDockerfileTests {
    @Test func `the judges see one image in each random Dockerfile`() async throws {
        // In memory, where buildah's thousands of small files cost least. It takes the path of a layout for a name, and
        // refuses capital letters in it.
        let place = FileSystem.exists("/dev/shm") ? "/dev/shm" : "/tmp"
        let work = FilePath("\(place)/caasctl-random-\(UInt32.random(in: 0 ... .max))")
        defer { try? FileSystem.removeTree(work) }
        let program = Checkout.root.appending("Tests/IntegrationTests/RandomDockerfiles")
        let outcome = try await Command(
            "python3",
            [
                "-B", program.string, "--caasctl", Checkout.program("caasctl"), "--work", work.string,
                "--seed", ProcessEnvironment.value("CAASCTL_SEED") ?? "1",
                "--count", ProcessEnvironment.value("CAASCTL_DOCKERFILES") ?? "40",
            ], environment: ["SOURCE_DATE_EPOCH": nil]
        ).run()
        #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
        #expect(outcome.output.contains(" images, ") && !outcome.output.hasPrefix("0 images"))
    }
}
