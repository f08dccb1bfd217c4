import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing

/// Tests of the GPU check with a substitute for nvidia-smi that lists two GPUs of 80 GiB.
@Suite(.serialized) struct EntrypointGPUTests {
    struct Demand: Sendable {
        let count: String
        let gib: String?
        let status: Int
        let said: String
    }

    @Test(arguments: [
        Demand(count: "2", gib: "70", status: 0, said: "trained to step 2"),
        Demand(count: "8", gib: nil, status: 71, said: "cannot find 8 GPUs: nvidia-smi lists 2"),
        Demand(count: "1", gib: "100", status: 71, said: "cannot use the GPUs: one has 79.6 GiB"),
    ])
    func `a machine with fewer or smaller GPUs than asked trains nothing`(_ demand: Demand) async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        let listing = bundle.rootfs.appending("bin/nvidia-smi")
        try FileSystem.write(Array("#!/bin/sh\necho 81559\necho 81559\n".utf8), to: listing, mode: 0o755)
        let program = Trainer.program(steps: 2) {
            $0.preflight = Program.Preflight(gpuCount: demand.count, gpuMemoryGiB: demand.gib)
        }
        let environment = server.environment.merging(["RUN_ID": "gpus", "DRAIN_SECONDS": "20"]) { $1 }
        let container = try bundle.start(program, environment: environment, port: try #require(FreePort.find(1).first))
        let status = try await eventually(within: 60) { container.status }
        #expect(status == demand.status, "\(container.printed)")
        #expect(container.printed.contains(demand.said), "\(container.printed)")
        let trained = bundle.data.appending("work/environment-base")
        #expect(FileSystem.exists(trained) == (demand.status == 0))
        guard demand.status == 0 else { return }
        let seen = String(decoding: try FileSystem.read(trained), as: UTF8.self)
        #expect(seen.contains("GPU_COUNT=2") && seen.contains("RANKS=2"))
    }

    @Test func `a stage waits until the GPUs have the memory of the one before`() async throws {
        var run = try HostRun("memory", "touch $DATA/held")
        let listing = """
            #!/bin/sh
            case "$*" in
            *memory.total*) echo 81559; echo 81559 ;;
            *memory.used*) echo 3; if [ -e \(run.data)/held ]; then echo 70003; else echo 3; fi ;;
            esac
            """
        try run.folder.write("bin/nvidia-smi", listing, mode: 0o755)
        run.environment["PATH"] = "\(run.folder("bin")):/usr/bin:/bin"
        run.program.stages[0].checkpoints = nil
        run.program.stages.append(HostRun.stage("second", "echo; echo here it runs"))
        run.program.artifacts = []
        let server = try await RcloneS3Server()
        run.environment.merge(server.environment) { $1 }
        let container = try run.start()
        let waits = "GPU 1 still has 68.4 GiB in use, though no process of a stage is left; stage second waits"
        _ = try await eventually { container.printed.contains(waits) || container.status != nil ? true : nil }
        #expect(
            container.printed.contains(waits) && !container.printed.contains("\nhere it runs"), "\(container.printed)")
        try FileSystem.remove(run.data.appending("held"))
        #expect(try await EntrypointRun.finish(container) == 0, "\(container.printed)")
        #expect(container.printed.contains("the GPUs have their memory back"))
        #expect(container.printed.contains("\nhere it runs"))
    }
}
