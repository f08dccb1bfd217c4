import CloudSupport
import Definitions
import HTTP
import JSON
import POSIX
import Secrets
import SystemPackage
import TestSupport
import Testing

@testable import Deployment
@testable import Sandbox

/// What every target must do, so that whatever deploys, reports and ends machines need not know which one it has.
@Suite struct TargetContractTests {
    enum Kind: String, Sendable, CaseIterable { case ionet, local }

    private static let secret = "a-secret-of-the-run"
    private static let name = "demo-20260102-030405-00ff"

    private static func launch(_ image: String) -> Launch {
        Launch(
            name: name, image: image, command: ["/bin/sleep", "1000"], environment: ["A": "b", "GRACE_SECONDS": "1"],
            secrets: ["A_KEY": Secret(secret)], login: nil, port: 8000)
    }

    private static func resources() throws -> YAMLValue {
        let text = "name: a\ntarget: a\nimage: a\nresources: {gpu: H100, gpus: 8, locations: [US], hours: 6}\n"
        return try RunManifest(parsing: text, file: "a.yaml", settings: Settings(environment: [:])).resources
    }

    /// Calls `body` with a target and a launch that it can start.
    private func run(_ kind: Kind, _ body: (any Target, Launch) async throws -> Void) async throws {
        switch kind {
        case .ionet:
            let double = try await IonetDouble()
            let client = try IonetClient(
                url: double.url, key: Secret(IonetDouble.key),
                retries: RetryPolicy(attempts: 3, firstBound: 0.01, lastBound: 0.01))
            try await body(client, Self.launch("ghcr.io/me/demo:1"))
        case .local:
            let folder = try TemporaryFolder()
            try FileSystem.makeFolder(folder("images/tiny/files/bin"))
            let busybox = try await Busybox.path().string
            try await Command("cp", ["--dereference", busybox, folder("images/tiny/files/bin/sleep").string]).succeed()
            try folder.write(
                "images/tiny/image.yaml",
                "name: tiny\nbase: scratch\nlayers: [{files: {from: files, into: /, mode: keep}}]\n")
            let digest = try await Command.caasctl(["build", "tiny"], in: folder).succeed()
            let target = LocalTarget(home: folder("home"))
            do { try await body(target, Self.launch("localhost/tiny@\(digest)")) } catch {
                try? await target.stop(.string(Self.name))
                throw error
            }
        }
    }

    @Test(arguments: Kind.allCases) func `a machine is started, listed under its name, and ended`(kind: Kind)
        async throws
    {
        try await run(kind) { target, launch in
            #expect(target.name == kind.rawValue && !target.title.isEmpty && !target.host.isEmpty)
            let offer = try await target.offer(for: Self.resources())
            #expect(target.traits.billing == .nothing ? offer.priceUSD == 0 : offer.priceUSD > 0)
            #expect(abs(offer.hourlyUSD * Double(offer.hours ?? 1) - offer.priceUSD) < 0.01)
            #expect(try await target.machines().isEmpty)
            #expect(try await target.isFree(name: launch.name))
            let handle = try #require(try await target.start(launch, on: offer))

            #expect(try await !target.isFree(name: launch.name))
            let listed = try await target.machines()
            #expect(listed.map(\.handle) == [handle] && listed.first?.name == launch.name)
            let status = try #require(try await target.look(at: handle))
            #expect(!status.isOver && !status.isLeaving && !status.word.isEmpty)

            try await target.stop(handle)
            let isOver = try await eventually(within: 60) {
                try await target.look(at: handle)?.isOver ?? true ? true : nil
            }
            #expect(isOver == true)
            #expect(try await target.machines().allSatisfy { $0.isOver })
            // Whoever lost the answer asks again.
            try await target.stop(handle)
            if let here = target as? LocalTarget, let machine = try LocalMachine(reading: here.place(handle)) {
                let isReaped = try await eventually(within: 60) {
                    FileSystem.exists(FilePath("/proc/\(machine.process.pid)")) ? nil : true
                }
                #expect(isReaped == true, "the end of the machine's first process is a zombie")
            }
        }
    }

    @Test func `machines that cannot be listed are an error, and no folder is none`() async throws {
        let folder = try TemporaryFolder()
        let target = LocalTarget(home: folder("home"))
        #expect(try await target.machines().isEmpty)
        try folder.write("home/local/deployments", "a file in the folder's place")
        await #expect(throws: DeploymentError.self) { try await target.machines() }
    }

    @Test(arguments: Kind.allCases) func `what is not there is nil, and its end is no error`(kind: Kind) async throws {
        try await run(kind) { target, _ in
            for handle in ["none", "../..", "a/b"] as [JSONValue] {
                #expect(try await target.look(at: handle) == nil)
                try await target.stop(handle)
            }
        }
    }

    @Test(arguments: Kind.allCases) func `a request that is shown hides its secrets`(kind: Kind) async throws {
        try await run(kind) { target, launch in
            let offer = try await target.offer(for: Self.resources())
            let shown = target.request(launch, on: offer, revealing: false).text
            #expect(shown.contains("A_KEY") && !shown.contains(Self.secret))
            #expect(target.request(launch, on: offer, revealing: true).text.contains(Self.secret))
        }
    }
}
