import Containers
import JSON
import POSIX
import Secrets
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Sandbox
import Wording

struct ServerProcessTests {
    @Test(
        arguments: [
            (#"{"level":"info","msg":"listening on 127.0.0.1:38885","time":"x"}"#, "listening on ", "127.0.0.1:38885"),
            ("Starting s3 server on [http://127.0.0.1:37041/]\n", "Starting s3 server on [http://", "127.0.0.1:37041"),
            ("the sandbox's API listens on 127.0.0.1:80\n", ServerProcess.apiAnnouncement, "127.0.0.1:80"),
            ("listening on 127.0.0.1:388", "listening on ", nil),
            ("listening on [::]:5000\n", "listening on ", nil),
            ("nothing\n", "listening on ", nil),
        ] as [(String, String, String?)])
    func `servers say where they listen`(log: String, announcement: String, address: String?) {
        let server = ServerProcess(
            name: .registry, program: "/bin/true", arguments: [], environment: [:], log: "/dev/null",
            announcement: announcement)
        #expect(server.address(in: Substring(log)) == address)
    }

    @Test func `a server that ends at once is an error with its last words`() async throws {
        let folder = try TemporaryFolder()
        let server = ServerProcess(
            name: .storage, program: "/bin/sh", arguments: ["-c", "echo 'no such flag'; exit 1"], environment: [:],
            log: folder("log"), announcement: "listening on ")
        let error = await #expect(throws: Failure.self) { try await server.start { _ in } }
        #expect(error?.description == "cannot start the sandbox's storage: it ended: no such flag")
    }

    @Test func `a server that does not listen is waited for aloud, and not for ever`() async throws {
        let folder = try TemporaryFolder()
        var server = ServerProcess(
            name: .api, program: "/bin/sleep", arguments: ["600"], environment: [:], log: folder("log"),
            announcement: "listening on ")
        (server.patience, server.silence) = (3, 1)
        let said = Mutex<[String]>([])
        let process = Mutex<ProcessIdentity?>(nil)
        let error = await #expect(throws: Failure.self) {
            try await server.start(report: { line in said.withLock { $0.append(line) } }) { started in
                process.withLock { $0 = started }
            }
        }
        #expect(said.withLock { $0.first }?.hasPrefix("the sandbox's api does not listen yet, after ") == true)
        #expect(error?.description.contains("it does not listen after 3 seconds; see \(folder("log"))") == true)
        #expect(try await eventually { process.withLock { $0?.isAlive == false } ? true : nil } == true)
    }

    @Test func `an rclone without an S3 server is passed over, and the remedy told`() async throws {
        let folder = try TemporaryFolder()
        try folder.write("old/rclone", "#!/bin/sh\necho 'rclone v1.60.1-DEV'\n", mode: 0o755)
        try folder.write("bin/rclone", "#!/bin/sh\necho 'rclone v1.75.2'\n", mode: 0o755)
        let both = ProgramSearch(path: "\(folder("old"))", cache: folder.path.string)
        #expect(try await both.rclone() == folder("bin/rclone"))
        let checkout = ProgramSearch(program: folder(".build/x86_64/release/caasctl"), path: "", cache: nil)
        #expect(checkout.folders.first == folder(".cache/bin"))
        let error = await #expect(throws: Failure.self) {
            try await ProgramSearch(path: folder("old").string, cache: nil).rclone()
        }
        #expect(error?.description.contains("is 1.60; run 'make setup' for it") == true)
        #expect(error?.description.contains("\n") == false)
    }

    @Test(arguments: [
        ("runc", "runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1", "runc version 1.1.12", "images break out of it"),
        ("runc", "nothing", "runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1", "does not tell its version"),
        ("runc", "runc version 1.0.9", "runc version 1.4.0-rc.3", "is 1.0.9: images break out of it"),
        ("docker-registry", "docker-registry x 2.7.1", "docker-registry x 2.8.2+ds1", "whoever reaches it can end it"),
    ])
    func `a program with a known hole is passed over, and the remedy told`(
        _ name: String, _ old: String, _ new: String, _ reason: String
    ) throws {
        let folder = try TemporaryFolder()
        for (place, said) in [("old", old), ("bin", new)] {
            try folder.write("\(place)/\(name)", "#!/bin/sh\nprintf '\(said)\n'\n", mode: 0o755)
        }
        func find(_ search: ProgramSearch) throws -> FilePath {
            name == "runc" ? try search.runc() : try search.registry()
        }
        let both = ProgramSearch(path: "\(folder("old"))", cache: folder.path.string)
        #expect(try find(both) == folder("bin/\(name)"))
        try FileSystem.remove(folder("bin/\(name)"))
        var alone = ProgramSearch(path: "\(folder("old"))", cache: nil)
        alone.folders = [folder("old")]
        let error = #expect(throws: Failure.self) { try find(alone) }
        #expect(error?.description.contains(reason) == true && error?.description.contains("make setup") == true)
    }

    @Test func `the state is read as it was written, and only by its user`() throws {
        let folder = try TemporaryFolder()
        var state = SandboxState(
            health: HealthPolicy(startPeriod: 7), limits: ContainerLimits(memoryBytes: 5 << 30, processors: 1.5))
        let process = try #require(ProcessIdentity(pid: 1))
        state.servers[.api] = ServerRecord(process: process, address: "127.0.0.1:9")
        try state.write(to: folder("state.json"))
        #expect(try FileStatus(folder("state.json")).mode == 0o600)
        let read = try #require(try SandboxState(file: folder("state.json")))
        #expect(read.json == state.json)
        #expect(read.apiKey.unredacted.hasPrefix("sandbox-"))
        #expect(read.storageKeyID.hasPrefix("sandbox-"))
        #expect(read.limits == state.limits)
        let other = SandboxState(health: HealthPolicy(), limits: .ofThisMachine)
        #expect(read.storageKey.unredacted != other.storageKey.unredacted)
        #expect(read.registryAccount.password.unredacted != other.registryAccount.password.unredacted)
    }
}
