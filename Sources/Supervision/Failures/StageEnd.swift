import RunContract

/// How a start of a stage has ended.
struct StageEnd: Sendable {
    let status: ExitStatus
    /// Why the entrypoint ended it, nil where it ended by itself.
    let ending: StageLimits.Ending?
    /// The lines that it has printed since its last step.
    let lines: [String]
    /// True if the kernel killed a process of the container meanwhile because its memory was full.
    let hasMemoryKill: Bool

    init(status: ExitStatus, ending: StageLimits.Ending? = nil, lines: [String] = [], hasMemoryKill: Bool = false) {
        self.status = status
        self.ending = ending
        self.lines = lines
        self.hasMemoryKill = hasMemoryKill
    }

    var isSuccess: Bool { status.isSuccess && ending == nil }

    /// Returns the error of a stage that did not succeed, with its cause and what to do next.
    func failure(of stage: String) -> SupervisionError {
        let diagnosis = FailureDiagnosis(self)
        let (text, code): (String, Int32) =
            switch ending {
            case .timeout(let seconds): ("stage \(stage) took longer than its \(seconds) s and was ended", 124)
            case .stall(let seconds): ("stage \(stage) printed nothing for \(seconds) s and was ended", 124)
            case .noStep(let seconds):
                ("stage \(stage) made no step for \(seconds) s and was ended", 124)
            case .nonFinite(let loss):
                ("stage \(stage) was ended: its \(loss) is NaN or infinite on line after line", 124)
            case nil: ("stage \(stage) ended with \(status): \(diagnosis.cause)", status.code)
            }
        let isOfMachine = diagnosis.kind.remedy == .giveBack
        return SupervisionError(
            status: isOfMachine ? RunExit.preflight.rawValue : code, "\(text); \(diagnosis.kind.next)",
            kind: diagnosis.kind)
    }
}
