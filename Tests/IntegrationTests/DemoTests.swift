import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests `make demo` as a new user runs it, except for the build before it.
@Suite(.serialized, .timeLimit(.minutes(60)))
struct DemoTests {
    @Test func `the demo builds, pushes, deploys, trains, verifies, fetches, serves and cleans up`() async throws {
        let home = try TemporaryFolder()
        let demo = Command(
            Checkout.root.appending("scripts/demo.sh").string,
            environment: [
                "DEMO_FOLDER": home.path.string, "DEMO_PATIENCE": "3000", "KEEP": nil,
                "R2_ACCESS_KEY_ID": "somebody else's",
            ],
            in: Checkout.root)
        let outcome = try await demo.run()
        #expect(outcome.status == 0, "\(outcome.errors)")
        // The commands print the image's digest, the pushed reference and the run's id as their results.
        #expect(outcome.output.contains(/(?m)^sha256:[0-9a-f]{64}$/), "\(outcome.output)")
        #expect(outcome.output.contains(/(?m)^127\.0\.0\.1:\d+\/demo@sha256:[0-9a-f]{64}$/), "\(outcome.output)")
        #expect(outcome.output.contains(/(?m)^demo-\d{8}-\d{6}-[0-9a-f]{4}$/), "\(outcome.output)")
        #expect(outcome.output.contains("model/model.npz: OK"))
        // A completion contains its prompt and at least 100 more characters.
        #expect(outcome.output.contains(/The world(?s:.){100}/), "\(outcome.output)")
        #expect(try losses(in: outcome.errors).count > 4)
        let (first, last) = try (#require(losses(in: outcome.errors).first), #require(losses(in: outcome.errors).last))
        #expect(last < first * 0.9)
        #expect(try runningPrograms(of: home.path).isEmpty)
    }

    private func losses(in log: String) throws -> [Double] {
        log.matches(of: /loss: ([0-9.]+)/).compactMap { Double($0.output.1) }
    }

    /// Returns the command lines of running processes that contain the demo's folder.
    private func runningPrograms(of folder: FilePath) throws -> [String] {
        try FileSystem.names(in: "/proc").filter { $0.string.allSatisfy(\.isNumber) }.compactMap { process in
            let file = FilePath("/proc").appending(process).appending("cmdline")
            let line = (try? FileSystem.read(file)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            return line.contains(folder.string) ? line : nil
        }
    }
}
