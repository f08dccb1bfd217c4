private import CLinux
import Synchronization
import SystemPackage

/// Starts threads; where the system has none, a thread that was started at the beginning keeps trying.
///
/// Callers never wait, and no request is lost.
final class ThreadStarter: Sendable {
    typealias Work = @Sendable () -> Void

    static let shared = ThreadStarter()

    private let waiting = Mutex<[Work]>([])
    private let wakeUp = ThreadSemaphore()

    private init() {
        // This is a process's first thread; nothing can proceed without it, so waiting blocks no other work.
        while let reason = Self.create({ [self] in goOn() }) { Self.pause(reason) }
    }

    /// Runs the work on a new thread with every signal blocked, later where no thread is available now.
    func start(_ work: @escaping Work) {
        if !tryToStart(work) { startLater(work) }
    }

    /// Returns false where no thread is available now; the work was not started then.
    func tryToStart(_ work: @escaping Work) -> Bool {
        // Earlier requests go first.
        guard waiting.withLock({ $0.isEmpty }) else { return false }
        return Self.create(work) == nil
    }

    func startLater(_ work: @escaping Work) {
        waiting.withLock { $0.append(work) }
        wakeUp.post()
    }

    private func goOn() {
        while true {
            wakeUp.wait()
            while let work = waiting.withLock({ $0.first }) {
                if let reason = Self.create(work) {
                    Self.pause(reason)
                } else {
                    waiting.withLock { _ = $0.removeFirst() }
                }
            }
        }
    }

    private static func pause(_ reason: Errno) {
        Shortage.report("start a thread", reason)
        usleep(100_000)
    }

    /// Starts a detached thread with every signal blocked; returns the reason where that fails.
    static func create(_ body: @escaping Work) -> Errno? {
        let work = Unmanaged.passRetained(ThreadWork(body))
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
                if let context { Unmanaged<ThreadWork>.fromOpaque(context).takeRetainedValue().body() }
                return nil
            }, work.toOpaque())
        guard result != 0 else { return nil }
        work.release()
        return Errno(rawValue: result)
    }
}

private final class ThreadWork: Sendable {
    let body: ThreadStarter.Work
    init(_ body: @escaping ThreadStarter.Work) { self.body = body }
}
