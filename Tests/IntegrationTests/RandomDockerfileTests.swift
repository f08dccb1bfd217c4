import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests of random Dockerfiles and contexts, checked by buildah, umoci, containers/storage and caasctl's own `verify`.
///
/// `CAASCTL_DOCKERFILES=1000` sets their number, and `CAASCTL_SEED=5000` the first seed. To build a single failed seed
/// again, run `python3 Tests/IntegrationTests/RandomDockerfiles`; the head of that program describes what each checks.
@Suite(.enabled(if: CurrentUser.id == 0, "only the administrator sees owners as they are"))
struct RandomDockerfileTests {
    @Test func `the judges see one image in each random Dockerfile`() async throws {
        // In memory, where the thousands of small files that buildah writes cost least. buildah takes the path of a
        // layout for a name, in which it refuses capital letters.
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
