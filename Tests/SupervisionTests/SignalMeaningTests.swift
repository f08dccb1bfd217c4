import CLinux
import Testing

@testable import Supervision

struct SignalMeaningTests {
    @Test func `whatever somebody may stop a container with asks to stop`() {
        let others: Set<Int32> = [SIGCHLD, SIGCONT, SIGURG, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU]
        for number in 1...64 as ClosedRange<Int32> where ![SIGKILL, SIGSTOP, 32, 33].contains(number) {
            let expected = others.contains(number) ? SignalMeaning.nothing : .stop
            #expect(SignalMeaning(number, from: 0) == expected, "signal \(number)")
        }
    }

    @Test func `a terminal that changes its size, and our own threads, ask for nothing`() {
        #expect(SignalMeaning(SIGWINCH, from: -1) == .pass)
        #expect(SignalMeaning(caas_first_realtime_signal(), from: getpid()) == .nothing)
        #expect(SignalMeaning(0, from: 0) == .nothing)
    }
}
