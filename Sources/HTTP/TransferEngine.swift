private import CLibCurl
private import POSIX
private import Synchronization
private import SystemPackage

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
        // A CURLM is used by the engine's thread alone, but for curl_multi_wakeup, which is safe from any as long as it is
        // there: it is here from when it was made until before it is gone, and is not touched but under this lock.
        nonisolated(unsafe) var multi: UnsafeMutableRawPointer?
    }

    private let mailbox = Mutex(Mailbox())

    // libcurl must be initialised before any thread uses it, and once; where there was no memory for it, once more.
    // Configuration files of OpenSSL are not read: an image must not be able to reach into this process with one.
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

    init(_ configuration: HTTPClient.Configuration, _ bandwidth: Bandwidth) {
        self.bandwidth = bandwidth
        // Before there is a thread of ours, where that is possible.
        _ = Self.initialise()
        BlockingThread.start(inBackground: configuration.isBackground) { [self] in run(Self.makeMulti(configuration)) }
    }

    /// Goes on until there is memory for it; what is asked for meanwhile waits.
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

    func add(_ transfer: Transfer) { post(.add(transfer)) }
    func cancel(_ transfer: Transfer) { post(.cancel(transfer)) }
    /// Asks once more for a body that had nothing to send.
    func resume(_ transfer: Transfer) { post(.resume(transfer)) }

    func stop() {
        mailbox.withLock { mailbox in
            mailbox.isStopped = true
            if let multi = mailbox.multi { curl_multi_wakeup(multi) }
        }
    }

    private func post(_ order: Order) {
        mailbox.withLock { mailbox in
            mailbox.orders.append(order)
            if let multi = mailbox.multi { curl_multi_wakeup(multi) }
        }
    }

    private func run(_ multi: UnsafeMutableRawPointer) {
        mailbox.withLock { $0.multi = multi }
        var active: [UnsafeMutableRawPointer: Transfer] = [:]
        var share = BandwidthShare()
        while true {
            let (orders, isStopped) = mailbox.withLock { mailbox in
                defer { mailbox.orders = [] }
                return (mailbox.orders, mailbox.isStopped)
            }
            for order in orders { carryOut(order, multi, &active) }
            if isStopped && active.isEmpty {
                // Nobody asks for anything after the end; who did in this moment is still answered.
                let isOver = mailbox.withLock { mailbox in
                    if mailbox.orders.isEmpty { mailbox.multi = nil }
                    return mailbox.orders.isEmpty
                }
                if isOver { break }
                continue
            }
            share.apply(bandwidth, to: active)
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            collect(multi, &active)
            // Where it cannot wait for what it watches, it must not turn round and round instead.
            if curl_multi_poll(multi, nil, 0, 1000, nil) != CURLM_OK { BlockingThread.sleep(milliseconds: 100) }
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
            guard curl_multi_add_handle(multi, handle) == CURLM_OK else { return transfer.finish(CURLE_OUT_OF_MEMORY) }
            active[handle] = transfer
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
