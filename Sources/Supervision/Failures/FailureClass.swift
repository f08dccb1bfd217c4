import ByteText

/// A kind of failure, which the user and the entrypoint treat in the same way.
struct FailureClass: Sendable, Hashable {
    /// What is done about a failure.
    enum Remedy: Sendable, Hashable {
        /// Another start in this container may succeed: the stage gets one where `retries` does not forbid it.
        case again
        /// Nobody knows: the stage gets another start where `retries` asks for it.
        case asAsked
        /// Another start would fail in the same way.
        case stop
        /// Another machine is needed; the container ends with 71.
        case giveBack
    }

    /// Unique; in status.json.
    let name: String
    /// What has happened, as the end of a sentence.
    let meaning: String
    /// What the user does next, as an imperative.
    let next: String
    let remedy: Remedy
    /// Texts of which one is in a line that tells this class.
    var phrases: [String] = []

    /// Returns the first line that tells this class.
    func line(in lines: [String]) -> String? {
        lines.first { line in phrases.contains { line.firstRange(bytes: $0) != nil } }
    }
}

/// The classes that lines of a stage's output tell, the cause before what it leads to.
///
/// A rank that has no memory left ends, and the others report that they wait for it in vain. The order of the table
/// decides, not that of the lines.
extension FailureClass {
    static let told: [FailureClass] = [
        gpuMemory, hostMemory, sharedMemory, diskQuota, disk, gpuFault, cudaInit, driver, authentication, quota,
        dataMissing, imports, usage, damagedCheckpoint, nccl, rendezvous, network,
    ]

    /// Every class, for the documentation.
    static let all = told + [timeout, stall, nonFinite, crash, killed, command, program]

    static let gpuMemory = FailureClass(
        name: "gpu-memory", meaning: "a GPU has no memory left",
        next: "let the batch be smaller", remedy: .stop,
        phrases: [
            "CUDA out of memory", "OutOfMemoryError", "CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED",
            "HIP out of memory", "hipErrorOutOfMemory", "RESOURCE_EXHAUSTED: Out of memory",
        ])
    static let hostMemory = FailureClass(
        name: "host-memory", meaning: "the container has no memory left",
        next: "let fewer workers load data, or take a machine with more memory", remedy: .again,
        phrases: [
            "is killed by signal: Killed", "MemoryError", "std::bad_alloc", "Cannot allocate memory", "[Errno 12]",
        ])
    static let sharedMemory = FailureClass(
        name: "shared-memory", meaning: "/dev/shm is full",
        next: "let the data loader have fewer workers, or give the container a larger /dev/shm", remedy: .stop,
        phrases: [
            "out of shared memory", "killed by signal: Bus error", "unable to open shared memory object",
            "unable to mmap",
        ])
    static let diskQuota = FailureClass(
        name: "disk-quota", meaning: "the user's quota on the disk is used up",
        next: "delete what is not needed there, or ask for more", remedy: .stop,
        phrases: ["Disk quota exceeded", "[Errno 122]"])
    static let disk = FailureClass(
        name: "disk", meaning: "the disk is full",
        next: "keep fewer checkpoints on the disk with keep.local, or take a machine with a larger one", remedy: .stop,
        phrases: ["No space left on device", "[Errno 28]", "file write failed", "Read-only file system"])
    static let gpuFault = FailureClass(
        name: "gpu-fault", meaning: "a GPU is broken", next: "start the run on another machine", remedy: .giveBack,
        phrases: [
            "uncorrectable ECC", "ECC error", "fallen off the bus", "GPU is lost", "NVRM: Xid", "NVLink error",
            "cudaErrorNvlinkUncorrectable",
        ])
    static let cudaInit = FailureClass(
        name: "cuda-init", meaning: "CUDA does not start on this machine", next: "start the run on another machine",
        remedy: .giveBack,
        phrases: [
            "system not yet initialized", "CUDA_ERROR_SYSTEM_NOT_READY", "CUDA driver initialization failed",
            "CUDA unknown error", "No CUDA GPUs are available", "Failed to initialize NVML", "CUDA initialization:",
            "no CUDA-capable device is detected",
        ])
    static let driver = FailureClass(
        name: "driver", meaning: "the machine's GPU driver does not fit the image",
        next: "take a machine with a newer driver, or an image with an older CUDA", remedy: .giveBack,
        phrases: [
            "driver version is insufficient", "driver on your system is too old", "forward compatibility was attempted",
            "no kernel image is available", "unsupported toolchain", "PTX was compiled with an unsupported",
        ])
    static let authentication = FailureClass(
        name: "authentication", meaning: "a key or token was refused",
        next: "check that the secret is right, and that it may read or write there", remedy: .stop,
        phrases: [
            "401 Client Error", "403 Client Error", "Invalid user token", "GatedRepoError", "api_key not configured",
            "Invalid credentials", "Incorrect API key", "AuthenticationError", "PermissionDeniedError",
            "status code 401", "status code 403", "HTTP 401", "HTTP 403",
        ])
    static let quota = FailureClass(
        name: "quota", meaning: "a service gives no more: its quota or credit is used up",
        next: "wait, or pay for more there", remedy: .stop,
        phrases: [
            "insufficient_quota", "402 Client Error", "429 Client Error", "Too Many Requests", "RateLimitError",
            "status code 429", "Payment Required",
        ])
    static let dataMissing = FailureClass(
        name: "data-missing", meaning: "a file, model or data set is not there",
        next: "let an earlier stage or an input bring it", remedy: .stop,
        phrases: [
            "FileNotFoundError", "DatasetNotFoundError", "LocalEntryNotFoundError", "RepositoryNotFoundError",
            "EntryNotFoundError", "RevisionNotFoundError", "OfflineModeIsEnabled", "Couldn't find the requested files",
            "404 Client Error", "HFValidationError", "Couldn't reach",
        ])
    static let imports = FailureClass(
        name: "import", meaning: "the image lacks a library, or has the wrong one",
        next: "add it to the image's python layer, and build again", remedy: .stop,
        phrases: [
            "ModuleNotFoundError", "ImportError", "undefined symbol", "cannot open shared object file",
            "PackageNotFoundError", "GLIBCXX_", "version `GLIBC_",
        ])
    static let usage = FailureClass(
        name: "usage", meaning: "the program does not take these arguments", next: "correct the stage's command",
        remedy: .stop,
        phrases: [
            "unrecognized arguments", "the following arguments are required", ": error: argument", "Unknown config key",
        ])
    static let damagedCheckpoint = FailureClass(
        name: "damaged-checkpoint", meaning: "a checkpoint cannot be read",
        next: "let 'complete' of the rule name every file of a checkpoint", remedy: .again,
        phrases: [
            "PytorchStreamReader failed", "invalid header or archive is corrupted", "SafetensorError",
            "Can't find a valid checkpoint", "unexpected EOF, expected", "Error while deserializing header",
        ])
    static let nccl = FailureClass(
        name: "nccl", meaning: "the GPUs do not reach each other",
        next: "look for the first rank that ended; if none did, start the run on another machine", remedy: .again,
        phrases: [
            "NCCL error", "ncclSystemError", "ncclInternalError", "ncclRemoteError", "ncclUnhandledCudaError",
            "Watchdog caught collective operation timeout", "NCCL communicator was aborted", "DistBackendError",
            "Connection closed by peer", "Connection closed by remote peer",
        ])
    static let rendezvous = FailureClass(
        name: "rendezvous", meaning: "the ranks do not find each other",
        next: "start it again; a process of an earlier start may hold the port", remedy: .again,
        phrases: [
            "RendezvousConnectionError", "RendezvousTimeoutError", "DistNetworkError", "DistStoreError", "EADDRINUSE",
            "Address already in use",
        ])
    static let network = FailureClass(
        name: "network", meaning: "a service does not answer", next: "start it again", remedy: .again,
        phrases: [
            "Max retries exceeded", "Temporary failure in name resolution", "Name or service not known",
            "Connection refused", "Connection reset by peer", "ReadTimeout", "ConnectTimeout", "SSLError",
            "RemoteDisconnected", "IncompleteRead", "500 Server Error", "502 Server Error", "503 Server Error",
            "504 Server Error",
        ])
}

/// The classes that the process's end tells.
extension FailureClass {
    static let timeout = FailureClass(
        name: "timeout", meaning: "it took longer than its 'timeout'", next: "raise 'timeout', or find what is slow",
        remedy: .stop)
    static let stall = FailureClass(
        name: "stall", meaning: "it made no progress", next: "look at what its processes waited in", remedy: .again)
    static let nonFinite = FailureClass(
        name: "non-finite", meaning: "the loss is no number any more",
        next: "go on from an earlier checkpoint with a lower learning rate, or other data", remedy: .stop)
    static let crash = FailureClass(
        name: "crash", meaning: "it crashed",
        next: "start it again; if that repeats, look for the library that crashes",
        remedy: .again, phrases: ["(SIGSEGV) received by PID", "(SIGBUS) received by PID", "(SIGABRT) received by PID"])
    static let killed = FailureClass(
        name: "killed", meaning: "something outside its control killed it",
        next: "look whether the machine has enough memory", remedy: .again, phrases: ["(SIGKILL) received by PID"])
    static let command = FailureClass(
        name: "command", meaning: "its program is not in the image, or cannot be executed",
        next: "correct the stage's command, or add the program to the image", remedy: .stop)
    static let program = FailureClass(
        name: "program", meaning: "the program failed", next: "read the last lines of its log", remedy: .asAsked)
}
