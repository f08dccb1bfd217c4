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
}
