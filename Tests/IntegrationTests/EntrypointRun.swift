import TestSupport
import Testing

/// The environment, the port and the end of entrypoint runs in these tests.
enum EntrypointRun {
    static let token = "0123456789abcdef0123456789abcdef"

    static func environment(_ server: any S3Server, run: String) -> [String: String] {
        environment(server.environment, run: run)
    }

    static func environment(_ place: [String: String], run: String) -> [String: String] {
        place.merging([
            "RUN_ID": run, "R2_PREFIX": "test", "STATUS_TOKEN": token, "WANDB_API_KEY": "wandb-secret-value",
            "DRAIN_SECONDS": "20",
        ]) { $1 }
    }

    static func finish(_ program: RunningProgram, within seconds: Double = 60) async throws -> Int {
        let status = try await eventually(within: seconds) { program.status }
        return try #require(status, "the container does not end: \(program.printed)")
    }

    static func freePort() throws -> Int { try #require(FreePort.find(1).first) }
}
