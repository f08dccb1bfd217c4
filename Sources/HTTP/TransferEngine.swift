private import CLibCurl
import POSIX
private import Synchronization
private import SystemPackage

/// One thread with one curl multi handle; any thread may add requests.
///
/// Only the engine's thread uses libcurl's handles. Other threads only call curl_multi_wakeup, which is safe from any
/// thread. <https://curl.se/libcurl/c/curl_multi_wakeup.html>
final class TransferEngine: Sendable {
    enum Order {
        case add(Transfer)
        case cancel(Transfer)
        case resume(Transfer)
        /// Lends a transfer to another engine, whose thread may get no processor time.
        case lend(LentTransfer)
        case takeBack(LentTransfer, LentTransfer.End)
        case end(LentTransfer, Result<HTTPResponse, HTTPError>)
    }

    private let mailbox = EngineMailbox()
    private let isStopped = Atomic(false)
    /// The number of liveness checks sent to the thread, and the number that it had seen at its last round.
    private let questions = Atomic(0)
    private let answered = Atomic(0)
    // Only the engine's thread uses the CURLM, except for curl_multi_wakeup, which is safe from any thread. Every
    // caller of that holds a reference to the engine, which frees the CURLM.
    private nonisolated(unsafe) let multi: OpaquePointer

    // libcurl must be initialised once, before any thread uses it; a failure for lack of memory is retried. OpenSSL's
    // configuration files are not read: an image must not be able to reach into this process with one.
    private static let isInitialised = Mutex(false)

    private static func initialise() -> Bool {
        isInitialised.withLock { isInitialised in
            if isInitialised { return true }
            OpenSSLConfiguration.ignore()
            isInitialised = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
            return isInitialised
        }
    }

    private let bandwidth: Bandwidth
    private let lending: LendingState

    init(
        _ configuration: HTTPClient.Configuration, _ bandwidth: Bandwidth, _ lending: LendingState,
        share: ProcessorShare = .full
    ) {
        let multi = Self.makeMulti(configuration)
        self.multi = OpaquePointer(multi)
        self.bandwidth = bandwidth
        self.lending = lending
        let pause = share == .leftovers ? configuration.whileYielding : nil
        BlockingThread.start(share) { [self] in run(pause) }
    }

    /// Retries until there is enough memory.
    private static func makeMulti(_ configuration: HTTPClient.Configuration) -> UnsafeMutableRawPointer {
        while true {
            if initialise(), let multi = curl_multi_init() {
                _ = caas_curl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, configuration.connectionsPerHost)
                _ = caas_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, 64)
                return multi
            }
            Shortage.report("start libcurl", .noMemory)
            BlockingThread.sleep(milliseconds: 250)
        }
    }

    deinit { curl_multi_cleanup(UnsafeMutableRawPointer(multi)) }

    func add(_ transfer: Transfer) { post(.add(transfer)) }
    func cancel(_ transfer: Transfer) { post(.cancel(transfer)) }
    /// Resumes a body that had nothing to send.
    func resume(_ transfer: Transfer) { post(.resume(transfer)) }
    func lend(_ transfer: LentTransfer) { post(.lend(transfer)) }
    func takeBack(_ transfer: LentTransfer, _ end: LentTransfer.End) { post(.takeBack(transfer, end)) }
    func end(_ transfer: LentTransfer, _ result: Result<HTTPResponse, HTTPError>) { post(.end(transfer, result)) }

    func stop() {
        isStopped.store(true, ordering: .releasing)
        wake()
    }

    /// Makes the thread look for work.
    func wake() { curl_multi_wakeup(UnsafeMutableRawPointer(multi)) }

    /// Sends the thread a liveness check.
    func ask() {
        questions.add(1, ordering: .relaxed)
        wake()
    }

    /// True where the thread has run since the last liveness check.
    var hasAnswered: Bool { answered.load(ordering: .relaxed) == questions.load(ordering: .relaxed) }

    private func post(_ order: Order) {
        mailbox.add(order)
        wake()
    }

    private func run(_ pause: (@Sendable () -> Void)?) {
        let multi = UnsafeMutableRawPointer(self.multi)
        var active: [UnsafeMutableRawPointer: Transfer] = [:]
        var lent = LentTransfers()
        var share = BandwidthShare()
        while true {
            pause?()
            answered.store(questions.load(ordering: .relaxed), ordering: .relaxed)
            for order in mailbox.takeAll() { carryOut(order, multi, &active, &lent) }
            if isStopped.load(ordering: .acquiring) && active.isEmpty { break }
            share.apply(bandwidth, to: active)
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            collect(multi, &active)
            lent.look(lending)
            // If polling fails, sleep instead of spinning.
            if curl_multi_poll(multi, nil, 0, lent.wait(lending), nil) != CURLM_OK {
                BlockingThread.sleep(milliseconds: 100)
            }
        }
    }

    private func carryOut(
        _ order: Order, _ multi: UnsafeMutableRawPointer, _ active: inout [UnsafeMutableRawPointer: Transfer],
        _ lent: inout LentTransfers
    ) {
        switch order {
        case .add(let transfer):
            guard !transfer.isCancelled, !transfer.isAbandoned else {
                return transfer.finish(CURLE_ABORTED_BY_CALLBACK)
            }
            guard let handle = transfer.prepare() else { return }
            guard curl_multi_add_handle(multi, handle) == CURLM_OK else { return transfer.finish(CURLE_OUT_OF_MEMORY) }
            active[handle] = transfer
            transfer.joinBandwidth()
        case .cancel(let transfer):
            transfer.isCancelled = true
            guard let handle = transfer.handle, active.removeValue(forKey: handle) != nil else { return }
            curl_multi_remove_handle(multi, handle)
            transfer.finish(CURLE_ABORTED_BY_CALLBACK)
        case .resume(let transfer):
            guard let handle = transfer.handle, active[handle] != nil else { return }
            curl_easy_pause(handle, CURLPAUSE_CONT)
        case .lend(let transfer): lent.add(transfer)
        case .takeBack(let transfer, let end): lent.takeBack(transfer, end)
        case .end(let transfer, let result): lent.end(transfer, result)
        }
    }

    private func collect(_ multi: UnsafeMutableRawPointer, _ active: inout [UnsafeMutableRawPointer: Transfer]) {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle else { continue }
            let result = caas_curl_message_result(message)
            curl_multi_remove_handle(multi, handle)
            active.removeValue(forKey: handle)?.finish(result)
        }
    }
}
