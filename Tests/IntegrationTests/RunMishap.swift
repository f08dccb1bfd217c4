/// What happens to a run from outside while it trains.
enum RunMishap: String, CaseIterable, Sendable {
    /// The machine is gone, its disk comes back with the next one.
    case machineKilled
    /// The machine is gone with its disk.
    case machineLost
    /// The provider takes the machine back and says so.
    case preempted
    /// The kernel kills the trainer.
    case trainerKilled
    /// The bucket's server ends in the middle of what it does, and is back after a moment.
    case storeKilled
    /// The bucket's server keeps connections and answers nothing for a while.
    case storeHangs
    /// The bucket answers 503 to much of what it is asked.
    case storeBusy
    /// Connections to the bucket end at any point of a request or an answer, and answers get lost.
    case networkTorn
    /// Requests and answers arrive late, twice, or with a bit turned.
    case networkWrong
    /// Strangers open hundreds of connections to the page.
    case flood

    /// True where the container has ended by it.
    var endsMachine: Bool {
        switch self {
        case .machineKilled, .machineLost, .preempted, .trainerKilled: true
        default: false
        }
    }
}
