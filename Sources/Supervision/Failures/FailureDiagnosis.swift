import ByteText
import CLinux

/// Why a stage has failed, as far as its end and its last lines tell.
struct FailureDiagnosis: Sendable, Hashable {
    let kind: FailureClass
    /// The line that tells it, nil where no line does.
    let line: String?

    init(_ end: StageEnd) {
        (kind, line) = Self.told(by: end.ending) ?? Self.told(by: end)
    }

    private static func told(by ending: StageLimits.Ending?) -> (FailureClass, String?)? {
        switch ending {
        case .timeout: (.timeout, nil)
        case .stall, .noStep: (.stall, nil)
        case .nonFinite: (.nonFinite, nil)
        case nil: nil
        }
    }

    private static func told(by end: StageEnd) -> (FailureClass, String?) {
        for kind in FailureClass.told {
            if let line = kind.line(in: end.lines) { return (kind, line) }
            if kind == .hostMemory, end.hasMemoryKill { return (kind, nil) }
        }
        // What torchrun says of a rank, or what the first process itself has ended with.
        for kind in [FailureClass.crash, .killed] {
            if let line = kind.line(in: end.lines) { return (kind, line) }
        }
        return (kind(of: end.status), lastError(in: end.lines))
    }

    private static func kind(of status: ExitStatus) -> FailureClass {
        switch status.code - 128 {
        case SIGKILL: .killed
        case SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE: .crash
        case -1, -2: .command
        default: .program
        }
    }

    /// Returns the last line of a traceback, as in `ValueError: …`, or of any other error.
    private static func lastError(in lines: [String]) -> String? {
        let error = #/^(?:\[rank\d+\]:\s*)?[A-Za-z_][A-Za-z0-9_.]*(?:Error|Exception|Interrupt)\b.*/#
        return lines.last { (try? error.prefixMatch(in: $0)) != nil }
            ?? lines.last { $0.lowercased().hasPrefix("error") || $0.lowercased().hasPrefix("fatal") }
    }

    /// What happened, and the line that says so.
    var cause: String { kind.meaning + (line.map { ": \(Self.short($0))" } ?? "") }

    private static func short(_ line: String) -> String {
        let line = line.drop { $0 == " " || $0 == "\t" }
        return line.count > 300 ? "\(line.prefix(300))…" : String(line)
    }
}
