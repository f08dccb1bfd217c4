import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing

@testable import Supervision

/// What a stage's last lines and its end tell of why it failed.
struct FailureDiagnosisTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let kind: FailureClass
        let lines: [String]
        var status = Supervision.ExitStatus.exited(1)
        var hasMemoryKill = false
        /// The line that is shown, nil for none.
        var shown: String?

        var testDescription: String { "\(kind.name): \(lines.last ?? "\(status)")" }

        /// The first of the lines that are in `lines` is shown.
        init(
            _ kind: FailureClass, _ lines: String..., status: Supervision.ExitStatus = .exited(1), kill: Bool = false,
            shown: Int? = 0
        ) {
            (self.kind, self.lines, self.status, hasMemoryKill) = (kind, lines, status, kill)
            self.shown = shown.flatMap { lines.indices.contains($0) ? lines[$0] : nil }
        }
    }

    /// Lines as the libraries print them.
    static let cases: [Case] = [
        Case(
            .gpuMemory,
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.10 GiB",
            "[rank1]: torch.distributed.DistBackendError: NCCL error in: ProcessGroupNCCL.cpp:2251, remote process exited"
        ),
        Case(.gpuMemory, "RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        Case(.hostMemory, "RuntimeError: DataLoader worker (pid 71) is killed by signal: Killed."),
        Case(.hostMemory, "Killed", status: .exited(137), kill: true, shown: nil),
        Case(.hostMemory, "requests.exceptions.ConnectionError: Max retries exceeded with url", kill: true, shown: nil),
        Case(
            .sharedMemory,
            "ERROR: Unexpected bus error encountered in worker. This might be caused by insufficient shared memory (shm). "
                + "It is possible that dataloader's workers are out of shared memory."),
        Case(.disk, "OSError: [Errno 28] No space left on device: '/data/out/model.safetensors'"),
        Case(
            .disk, "RuntimeError: [enforce fail at inline_container.cc:664] . unexpected pos 64 vs 0; file write failed"
        ),
        Case(.diskQuota, "OSError: [Errno 122] Disk quota exceeded"),
        Case(.gpuFault, "RuntimeError: CUDA error: uncorrectable ECC error encountered"),
        Case(.gpuFault, "NVRM: Xid (PCI:0000:4b:00): 79, pid=1, GPU has fallen off the bus."),
        Case(
            .cudaInit, "RuntimeError: Unexpected error from cudaGetDeviceCount(). Error 802: system not yet initialized"
        ),
        Case(.cudaInit, "RuntimeError: No CUDA GPUs are available"),
        Case(.driver, "RuntimeError: The NVIDIA driver on your system is too old (found version 11040)."),
        Case(.driver, "RuntimeError: CUDA error: no kernel image is available for execution on the device"),
        Case(
            .authentication,
            "huggingface_hub.errors.GatedRepoError: 401 Client Error. Cannot access gated repo for url https://huggingface.co/x"
        ),
        Case(
            .authentication,
            "wandb.errors.UsageError: api_key not configured (no-tty). call wandb.login(key=[your_api_key])"),
        Case(.quota, "openai.RateLimitError: Error code: 429 - {'error': {'code': 'insufficient_quota'}}"),
        Case(.dataMissing, "FileNotFoundError: [Errno 2] No such file or directory: 'data/train.jsonl'"),
        Case(.dataMissing, "datasets.exceptions.DatasetNotFoundError: Dataset 'cais/mmlu' doesn't exist on the Hub"),
        Case(.imports, "Traceback (most recent call last):", "ModuleNotFoundError: No module named 'torch'", shown: 1),
        Case(.imports, "ImportError: /usr/lib/libstdc++.so.6: version `GLIBCXX_3.4.32' not found"),
        Case(.usage, "train.py: error: unrecognized arguments: --save_every=5", status: .exited(2)),
        Case(
            .damagedCheckpoint,
            "RuntimeError: PytorchStreamReader failed reading zip archive: failed finding central directory"),
        Case(.nccl, "[rank3]: Watchdog caught collective operation timeout: WorkNCCL(SeqNum=7, OpType=ALLREDUCE)"),
        Case(
            .rendezvous,
            "torch.distributed.DistNetworkError: The server socket has failed to listen on any local network address."),
        Case(
            .network,
            "urllib3.exceptions.MaxRetryError: HTTPSConnectionPool(host='x', port=443): Max retries exceeded with url: /"
        ),
        Case(.killed, "time: 1", "traceback : Signal 9 (SIGKILL) received by PID 77", shown: 1),
        Case(.killed, "step 5", status: .signaled(9), shown: nil),
        Case(.crash, "step 5", status: .signaled(11), shown: nil),
        Case(.crash, "step 5", status: .exited(134), shown: nil),
        Case(.command, "/bin/sh: 1: trian: not found", status: .exited(127), shown: nil),
        Case(.program, "ValueError: expected 3, got 2", "During handling", "[rank0]: KeyError: 'x'", "after", shown: 2),
        Case(.program, "all is well", status: .exited(3), shown: nil),
    ]

    @Test(arguments: cases) func `the cause is told by the lines of its library`(_ example: Case) {
        let end = StageEnd(status: example.status, lines: example.lines, hasMemoryKill: example.hasMemoryKill)
        let diagnosis = FailureDiagnosis(end)
        #expect(diagnosis.kind == example.kind)
        #expect(diagnosis.line == example.shown)
    }

    @Test func `each class has a name of its own, and says what it means and what to do`() throws {
        #expect(Set(FailureClass.all.map(\.name)).count == FailureClass.all.count)
        let page = String(decoding: try FileSystem.read(Checkout.root.appending("docs/program.md")), as: UTF8.self)
        for kind in FailureClass.all {
            #expect(page.contains("\n| `\(kind.name)` | \(kind.meaning) |"), "\(kind.name)")
            #expect(!kind.meaning.isEmpty && !kind.next.isEmpty && !kind.meaning.hasSuffix("."), "\(kind.name)")
        }
    }

    @Test func `the lines of before the last step tell nothing`() {
        let tail = StageTail()
        tail.add("FileNotFoundError: a cache, which was then made", isProgress: false)
        tail.add("step 1", isProgress: true)
        tail.add("ValueError: x", isProgress: false)
        #expect(tail.all == ["step 1", "ValueError: x"])
        for number in 0..<5000 { tail.add("\(number)", isProgress: false) }
        #expect(tail.all.count <= 2000 && tail.all.last == "4999")
    }

    @Test(
        arguments: [
            ("oom 0\noom_kill 3\noom_group_kill 0\n", 3), ("oom_kill_disable 0\nunder_oom 0\noom_kill 1\n", 1),
            ("", nil), ("oom_kill x", nil),
        ] as [(String, Int?)])
    func `kills for lack of memory are counted by the kernel`(_ text: String, _ kills: Int?) {
        #expect(MemoryEvents(Array(text.utf8)).kills == kills)
    }

    @Test func `a machine that is at fault ends the container with 71`() {
        let end = StageEnd(status: .exited(1), lines: ["RuntimeError: No CUDA GPUs are available"])
        let error = end.failure(of: "base")
        #expect(error.status == RunExit.preflight.rawValue && error.kind == .cudaInit)
        #expect(
            error.description
                == "stage base ended with exit status 1: CUDA does not start on this machine: RuntimeError: No CUDA GPUs are "
                + "available; start the run on another machine")
    }
}
