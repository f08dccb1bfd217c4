import Glibc
import HTTP
import Hashing
import ObjectStorage
import POSIX
import RunContract
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// A run in consecutive containers, with failures of the bucket and the network that its seed determines.
///
/// The weights are a chain of hashes over the steps, so that a wrong restore is visible in all later steps.
final class MishapRun {
    private let run: String
    private let program: Program
    private let size: Int
    private let keepsAll: Bool
    private let bundle: EntrypointBundle
    private let storage: TemporaryFolder
    private let port: Int
    private let faults = FaultSwitch()
    private let proxy: FaultProxy
    private var server: RcloneS3Server?
    private var container: RunningProgram?
    private var random: SeededGenerator
    private var starts = 0
    private var hasLostDisk = false
    private var uploaded: [Int] = []
    private(set) var story: [String] = []

    init(seed: UInt64) async throws {
        random = SeededGenerator(seed: seed)
        run = "mishap-\(seed)"
        // A small object is uploaded by one request, a large one in several parts.
        size = seed % 4 == 3 ? 20_000_000 : 50_000
        keepsAll = seed % 3 != 2
        program = Self.program(size: size, keepsAll: keepsAll)
        bundle = try await EntrypointBundle(.scratch)
        try FileSystem.write(Array(Self.trainer.utf8), to: bundle.rootfs.appending("train"), mode: 0o755)
        storage = try TemporaryFolder()
        port = try EntrypointRun.freePort()
        let server = try await RcloneS3Server(storage: storage.path)
        self.server = server
        let faults = faults
        proxy = try await FaultProxy(server.endpoint) { faults.decide($0) }
    }

    private static let trainer = """
        #!/bin/sh
        broken() { echo "BROKEN: $*"; exit 99; }
        step=${1:-0}; hash=$RUN_ID; echo $$ > /data/pid
        mkdir -p "$DATA/ck" "$DATA/final"
        [ "$(cat "$DATA/words/deep/words")" = "words of $RUN_ID" ] || broken no words
        if [ "$step" -gt 0 ]; then
            read -r hash < "$DATA/ck/model_$step.bin"
            yes "$hash" | head -c $SIZE | cmp - "$DATA/ck/model_$step.bin" || broken the weights of step "$step"
        fi
        echo "starting at $step"
        # Whoever is left behind by a test that was killed ends some time too.
        until [ -e /data/over ] && [ "$step" -ge 3 ] || [ "$step" -ge 5000 ]; do
            sleep 0.3
            step=$((step + 1)); hash=$(echo "$hash $step" | sha256sum); hash=${hash%% *}
            yes "$hash" | head -c $SIZE > "$DATA/ck/model_$step.bin"
            echo "{\\"step\\": $step}" > "$DATA/ck/meta_$step.json"
            echo "step $step loss: 1.5"
        done
        cp "$DATA/ck/model_$step.bin" "$DATA/final/model.bin"; ln -sf model.bin "$DATA/final/newest"
        echo "trained to step $step"
        """

    private static func program(size: Int, keepsAll: Bool) -> Program {
        Trainer.program { program in
            program.imageEnvironment = ["PATH": "/usr/bin:/bin", "SIZE": "\(size)"]
            program.stages[0].run = ["/train"]
            program.stages[0].resume = ["${RESUME_STEP}"]
            if !keepsAll {
                program.stages[0].checkpoints?.keepLocal = 2
                program.stages[0].checkpoints?.keepRemote = 3
            }
            let words = #"mkdir -p "$DATA/words/deep"; echo "words of $RUN_ID" > "$DATA/words/deep/words""#
            var prepare = Program.Stage(name: "prepare", run: ["/bin/sh", "-c", words])
            prepare.outputs = ["words/**"]
            program.stages.insert(prepare, at: 0)
        }
    }

    /// Returns the weights of a step, which depend only on the run's name.
    private func weights(of step: Int) -> [UInt8] {
        var hash = run
        for number in stride(from: 1, through: step, by: 1) {
            hash = SHA256.hash(Array("\(hash) \(number)\n".utf8)).hexadecimal
        }
        let line = Array("\(hash)\n".utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size + line.count)
        while bytes.count < size { bytes += line }
        return Array(bytes.prefix(size))
    }

    private func pause(upTo seconds: Double) async throws {
        try await Task.sleep(for: .seconds(Double.random(in: 0...seconds, using: &random)))
    }

    private func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &random) < share }

    private func note(_ text: String) { story.append(text) }

    // MARK: Mishaps

    func suffer(_ mishap: RunMishap) async throws {
        try await run()
        try await pause(upTo: 3)
        note("\(mishap)")
        switch mishap {
        case .machineKilled, .machineLost:
            try await bundle.kill()
            try await end(expecting: [137])
            if mishap == .machineLost { try loseDisk() }
        case .preempted:
            container?.signal(SIGTERM)
            // The container may already be ending because its trainer was killed.
            try await end(expecting: [75, 137])
            if chance(0.5) { try loseDisk() }
        case .trainerKilled:
            _ = try await bundle.execute(["/bin/sh", "-c", "kill -9 $(cat /data/pid)"])
            // The run may be between its stages, or before the first one.
            try await pause(upTo: 1)
        case .storeKilled:
            server = nil
            try await perhapsKilled()
            let server = try await RcloneS3Server(storage: storage.path)
            try proxy.lead(to: server.endpoint)
            self.server = server
        case .storeHangs:
            server?.program.pause()
            try await perhapsKilled()
            server?.program.signal(SIGCONT)
        case .storeBusy: try await fail { .answer(503, "") }
        case .networkTorn:
            try await fail { draw in
                switch draw {
                case 0: .reset(after: 0)
                case 1: .reset(after: 30_000)
                case 2: .loseAnswer
                default: .cutAnswer(10)
                }
            }
        case .networkWrong:
            try await fail { draw in
                switch draw {
                case 0: .delay(1)
                case 1, 2: .twice
                default: .corruptAnswer
                }
            }
        case .flood: _ = try await Flood.run(port: port, count: 400)
        }
        try await look()
    }

    /// Makes 40 % of requests fail for a while; `fault` gets a random number from 0 to 3.
    private func fail(_ fault: @escaping @Sendable (Int) -> Fault) async throws {
        let generator = Mutex(SeededGenerator(seed: random.next()))
        faults.set { _ in
            generator.withLock { generator in
                Double.random(in: 0..<1, using: &generator) < 0.4
                    ? fault(Int.random(in: 0..<4, using: &generator)) : .none
            }
        }
        try await perhapsKilled()
        faults.set { _ in .none }
    }

    private func fail(_ fault: @escaping @Sendable () -> Fault) async throws { try await fail { _ in fault() } }

    /// Waits while the bucket fails; the machine may also be killed.
    private func perhapsKilled() async throws {
        try await pause(upTo: 3)
        guard chance(0.3) else { return }
        note("killed meanwhile")
        try await bundle.kill()
        container = nil
        if chance(0.5) { try loseDisk() }
    }

    private func loseDisk() throws {
        note("disk lost")
        hasLostDisk = true
        try FileSystem.removeTree(bundle.data.appending("work"))
    }

    // MARK: Start and end

    /// Kills a container that still runs where the test cannot continue.
    func abandon() async {
        guard let container, container.status == nil else { return }
        try? await bundle.kill()
    }

    /// Starts a container unless one runs, as a platform restarts a container that has ended.
    private func run() async throws {
        if let container, container.status == nil { return }
        if container != nil {
            try await end(expecting: [71, 72, 75, 76, 137])
            try await look()
        }
        starts += 1
        var environment = EntrypointRun.environment(try #require(server), run: run)
        environment["R2_ENDPOINT_URL"] = proxy.endpoint
        let started = try bundle.start(program, environment: environment, port: port, name: "start-\(starts)")
        container = started
        // If runc is killed while it creates the container, its status is not that of a killed container.
        _ = try await eventually { started.printed.contains("caas: ") || started.status != nil ? true : nil }
    }

    private func end(expecting statuses: Set<Int>) async throws {
        guard let container else { return }
        let status = try await EntrypointRun.finish(container, within: 400)
        note("ended with \(status)")
        let account = "\(story) \(container.printed)"
        try #require(statuses.contains(status) && !account.contains("BROKEN"), "\(account)")
        self.container = nil
    }

    /// Lets the trainer finish, possibly after one more kill, and checks the bucket's final content.
    func complete() async throws {
        try FileSystem.write([UInt8](), to: bundle.data.appending("over"))
        if chance(0.5) {
            try await run()
            try await pause(upTo: 3)
            note("killed at the end")
            try await bundle.kill()
            container = nil
            if chance(0.5) { try loseDisk() }
            try await look()
        }
        for _ in 0..<5 {
            try await run()
            let running = try #require(container)
            if try await EntrypointRun.finish(running, within: 400) == 0 { break }
        }
        let printed = container?.printed ?? ""
        try await end(expecting: [0])
        try await look()
        try await lookAtCompletion(printed)
    }

    // MARK: Checks of the bucket

    private func reader() throws -> BucketReader { try BucketReader(try #require(server), run: run) }

    /// Checks that each checkpoint with a manifest is complete, and that no earlier checkpoint is lost.
    private func look() async throws {
        let reader = try reader()
        let checkpoints = try await reader.checkpoints()
        let steps = Set(checkpoints.compactMap { $0.split(separator: "-").first.flatMap { Int($0) } })
        let account = "\(checkpoints) after \(uploaded): \(story)"
        if keepsAll {
            #expect(steps.isSuperset(of: uploaded), "\(account)")
        } else {
            #expect(steps.max() ?? 0 >= uploaded.max() ?? 0, "\(account)")
            // While the run is active, a listed checkpoint may have been removed to make room for the next.
            #expect(container != nil || steps.count >= min(3, uploaded.count), "\(account)")
        }
        if container == nil, let record = try await reader.completion() { note("complete: \(record.attempt)") }
        uploaded = steps.sorted()
    }

    private func lookAtCompletion(_ printed: String) async throws {
        let reader = try reader()
        let record = try #require(try await reader.completion(), "\(story)")
        let last = try #require(uploaded.last)
        // Checkpoints whose upload was postponed in favour of newer ones are lost with the disk.
        if keepsAll, !hasLostDisk { #expect(uploaded == Array(1...last), "\(story)") }
        for step in uploaded.suffix(3) {
            let folders = reader.layout.checkpoints(stage: "base")
            let key = try #require(
                try await reader.store.list(folders).map(\.key).last {
                    $0.hasPrefix("\(folders)\(step)-") && $0.hasSuffix("/model_\(step).bin")
                })
            #expect(try await reader.store.get(key, limit: 32 << 20) == weights(of: step), "\(key) \(story)")
        }
        let artifact = try #require(record.artifacts.first)
        #expect(artifact.files.map(\.path.description) == ["model.bin"])
        #expect(artifact.tree.links.map(\.path.description) == ["newest"])
        let model = try await reader.store.get(try #require(artifact.files.first).key, limit: 32 << 20)
        #expect(model == weights(of: last), "\(story)")
        let status = try await reader.status()
        #expect(status?.phase == .complete && status?.exitCode == 0, "\(story)")
        // The last lines of a killed start may be missing from the log; those of the last start must be there.
        let lines = try await Set(reader.log())
        let said = printed.split(separator: "\n").filter { $0.hasPrefix("step ") || $0.hasPrefix("trained") }
        #expect(said.allSatisfy { lines.contains(String($0)) }, "\(story) \(printed)")
    }
}
