private import CLinux

/// Runs blocking work on a thread of its own, so that the few threads of Swift's tasks never wait for a disk.
public enum BlockingThread {
    private static let foreground = ParkedThreads()
    // There is no way back into the foreground, so these are never lent to anybody else. They get little and never nothing:
    // what they hold, as the lock of this list, others wait for.
    private static let background = ParkedThreads { ProcessorShare.little.take() }

    /// Runs `body` on a thread and waits for it as a task does; in the background it hinders others little.
    public static func run<Value: Sendable, Failure: Error>(
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
    public static func begin(inBackground: Bool = false, _ body: @escaping @Sendable () -> Void) {
        (inBackground ? background : foreground).run(body)
    }

    /// Lets this thread do nothing for a while; tasks have a sleep of their own.
    public static func sleep(milliseconds: UInt32) { usleep(milliseconds * 1000) }

    /// Starts a detached thread for work that has no end.
    ///
    /// Every signal is blocked there: signals belong to the thread that asks for them.
    public static func start(_ body: @escaping @Sendable () -> Void) {
        let work = Unmanaged.passRetained(Work(body))
        var everything = sigset_t()
        var before = sigset_t()
        sigfillset(&everything)
        pthread_sigmask(SIG_SETMASK, &everything, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let result = pthread_create(
            &thread, &attributes,
            { context in
                if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body() }
                return nil
            }, work.toOpaque())
        guard result == 0 else { fatalError("cannot start a thread: error \(result)") }
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
