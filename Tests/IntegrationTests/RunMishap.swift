/// An external event that disturbs a run during training.
enum RunMishap: String, CaseIterable, Sendable {
    /// The machine is lost; its disk is attached to the next one.
    case machineKilled
    /// The machine is lost with its disk.
    case machineLost
    /// The provider reclaims the machine and announces it with SIGTERM.
    case preempted
    /// The trainer gets SIGKILL, as from the kernel.
    case trainerKilled
    /// The bucket's server is killed during its work, and restarted after a moment.
    case storeKilled
    /// The bucket's server keeps its connections but does not answer for a while.
    case storeHangs
    /// The bucket answers many requests with status 503.
    case storeBusy
    /// Connections to the bucket break at any point of a request or a response, and responses are lost.
    case networkTorn
    /// Requests and responses arrive late, twice, or with a flipped bit.
    case networkWrong
    /// Other clients open hundreds of connections to the page.
    case flood

    /// True where the mishap ends the container.
    var endsMachine: Bool {
        switch self {
        case .machineKilled, .machineLost, .preempted, .trainerKilled: true
        default: false
        }
    }
}
