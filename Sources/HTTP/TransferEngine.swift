private import CLibCurl
private import POSIX
private import Synchronization

/// One thread with one curl multi handle; requests are handed in from anywhere.
///
/// libcurl's handles belong to the thread; the only call that others make is curl_multi_wakeup, which may be made from
/// any thread. <https://curl.se/libcurl/c/curl_multi_wakeup.html>
final class TransferEngine: Sendable {
    private enum Order {
        case add(Transfer)
        case cancel(Transfer)
        case resume(Transfer)
    }

    private struct Mailbox {
        var orders: [Order] = []
        var isStopped = false
    }

    private let mailbox = Mutex(Mailbox())
    // A CURLM is used by the engine's thread alone, but for curl_multi_wakeup, which is safe from any.
    private nonisolated(unsafe) let multi: OpaquePointer

    // libcurl must be initialised once, before any thread uses it; a static is initialised once.
    // Configuration files of OpenSSL are not read: an image must not be able to reach into this process with one.
    private static let isInitialised: Bool = {
        OpenSSLConfiguration.ignore()
        return curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
    }()

    private let bandwidth: Bandwidth

    init(_ configuration: HTTPClient.Configuration, _ bandwidth: Bandwidth) {
        guard Self.isInitialised, let multi = curl_multi_init() else { fatalError("cannot start libcurl") }
        self.multi = OpaquePointer(multi)
        self.bandwidth = bandwidth
        _ = caas_curl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, configuration.connectionsPerHost)
        _ = caas_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, 64)
        BlockingThread.start { [self] in
            if configuration.isBackground { BlockingThread.yieldToOthers() }
            run()
        }
    }

    func add(_ transfer: Transfer) { post(.add(transfer)) }
    func cancel(_ transfer: Transfer) { post(.cancel(transfer)) }
    /// Asks once more for a body that had nothing to send.
    func resume(_ transfer: Transfer) { post(.resume(transfer)) }

    func stop() {
        mailbox.withLock { $0.isStopped = true }
        curl_multi_wakeup(UnsafeMutableRawPointer(multi))
    }

    private func post(_ order: Order) {
        mailbox.withLock { $0.orders.append(order) }
        curl_multi_wakeup(UnsafeMutableRawPointer(multi))
    }

    private func run() {
        let multi = UnsafeMutableRawPointer(self.multi)
        var active: [UnsafeMutableRawPointer: Transfer] = [:]
        var share = BandwidthShare()
        while true {
            let (orders, isStopped) = mailbox.withLock { mailbox in
                defer { mailbox.orders = [] }
                return (mailbox.orders, mailbox.isStopped)
            }
            for order in orders { carryOut(order, multi, &active) }
            if isStopped && active.isEmpty { break }
            share.apply(bandwidth, to: active)
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            collect(multi, &active)
            curl_multi_poll(multi, nil, 0, 1000, nil)
        }
        curl_multi_cleanup(multi)
    }

    private func carryOut(
        _ order: Order, _ multi: UnsafeMutableRawPointer, _ active: inout [UnsafeMutableRawPointer: Transfer]
    ) {
        switch order {
        case .add(let transfer):
            guard !transfer.isCancelled else { return transfer.finish(CURLE_ABORTED_BY_CALLBACK) }
            guard let handle = transfer.prepare() else { return }
            active[handle] = transfer
            curl_multi_add_handle(multi, handle)
        case .cancel(let transfer):
            transfer.isCancelled = true
            guard let handle = transfer.handle, active.removeValue(forKey: handle) != nil else { return }
            curl_multi_remove_handle(multi, handle)
            transfer.finish(CURLE_ABORTED_BY_CALLBACK)
        case .resume(let transfer):
            guard let handle = transfer.handle, active[handle] != nil else { return }
            curl_easy_pause(handle, CURLPAUSE_CONT)
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
