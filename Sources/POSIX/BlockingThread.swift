private import CLinux

/// Runs blocking work on a thread of its own, so that the few threads of Swift's tasks never wait for a disk.
package enum BlockingThread {
    private static let foreground = ParkedThreads()
    // There is no way back into the foreground, so these are never lent to anybody else. They get little and never nothing:
    // what they hold, as the lock of this list, others wait for.
    private static let background = ParkedThreads { ProcessorShare.little.take() }

    /// Runs `body` on a thread and waits for it as a task does; in the background it hinders others little.
    package static func run<Value: Sendable, Failure: Error>(
        inBackground: Bool = false, _ body: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
            begin(inBackground: inBackground) { () -> Void in
                do throws(Failure) { continuation.resume(returning: .success(try body())) } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    /// Begins `body` on a thread, for which nobody waits.
    package static func begin(inBackground: Bool = false, _ body: @escaping @Sendable () -> Void) {
        (inBackground ? background : foreground).run(body)
    }

    /// Lets this thread do nothing for a while; tasks have a sleep of their own.
    package static func sleep(milliseconds: UInt32) { usleep(milliseconds * 1000) }

    /// Has work that has no end done on a thread of its own: a new one, or where the system has none, one of those that are
    /// kept; else it begins once there is one.
    ///
    /// A thread that is kept has the share of its kind, since it may be wanted for other work later.
    package static func start(_ share: ProcessorShare = .full, _ body: @escaping @Sendable () -> Void) {
        let begun = ThreadStarter.shared.tryToStart {
            share.take()
            body()
        }
        if !begun { begin(inBackground: share != .full, body) }
    }

    /// Has threads from now on that do not end, so that work goes on when others have taken all that there are.
    package static func keep(foreground: Int, background: Int) {
        self.foreground.keep(foreground)
        self.background.keep(background)
    }
}
