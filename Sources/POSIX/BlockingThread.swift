private import CLinux

/// Runs blocking work on threads of its own, so that Swift's few task threads never wait for a disk.
package enum BlockingThread {
    private static let foreground = ParkedThreads()
    // These threads cannot regain priority, so they are only reused for background work. Their share is small but never
    // zero, because other threads wait for locks that they hold, such as this list's.
    private static let background = ParkedThreads { ProcessorShare.little.take() }

    /// Runs `body` on a thread and suspends the task until it returns; in the background, at low priority.
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

    /// Starts `body` on a thread without waiting for it.
    package static func begin(inBackground: Bool = false, _ body: @escaping @Sendable () -> Void) {
        (inBackground ? background : foreground).run(body)
    }

    /// Blocks this thread; a task should use Task.sleep.
    package static func sleep(milliseconds: UInt32) { usleep(milliseconds * 1000) }

    /// Runs endless work on its own thread.
    ///
    /// That is a new thread, or one of the kept threads where the system has no more; otherwise the work starts once
    /// there is a thread. A kept thread has its own pool's share of the processors, since it may be needed for other
    /// work later.
    package static func start(_ share: ProcessorShare = .full, _ body: @escaping @Sendable () -> Void) {
        let begun = ThreadStarter.shared.tryToStart {
            share.take()
            body()
        }
        if !begun { begin(inBackground: share != .full, body) }
    }

    /// Keeps this many threads alive from now on, so that work continues when the system has no more threads.
    package static func keep(foreground: Int, background: Int) {
        self.foreground.keep(foreground)
        self.background.keep(background)
    }
}
