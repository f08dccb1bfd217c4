import ByteText
package import HTTP
import Hashing
import POSIX
import SystemPackage
import Wording

/// Uses a store as a run would, and reports every step.
package struct StoreProbe: Sendable {
    /// Few and short retries, because the user waits for the result.
    package static let policy = RetryPolicy(attempts: 3, firstBound: 0.5, lastBound: 2)

    private let store: any ObjectStore
    private let location: any StoreLocation
    private let keyID: String?
    private let prefix: String
    private let size: Int64
    private let progress: @Sendable (String) -> Void

    /// `size` is the number of bytes that measure the speed; `keyID` improves the advice on a refused key.
    ///
    /// `progress` receives lines that replace each other, on any thread.
    package init(
        _ store: any ObjectStore, at location: any StoreLocation, below prefix: String, keyID: String?, size: Int64,
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.store = store
        self.location = location
        self.keyID = keyID
        self.prefix = prefix
        self.size = size
        self.progress = progress
    }

    /// Takes every possible step, and removes what it wrote.
    package func run(_ report: inout ProbeReport) async {
        report.add("place", .good, location.details)
        guard let canList = await list(&report) else { return }
        let key = Self.key(below: prefix)
        if await write(key, canList: canList, &report) {
            await readBack(key, &report)
            await replace(key, &report)
            await move(key + ".bin", &report)
            await remove(key, &report)
        }
        await unfinished(&report)
        clock(&report)
    }

    /// Returns a random key, so that two checks at once do not disturb each other.
    private static func key(below prefix: String) -> String {
        let folder = prefix.split(byte: "/").joined(separator: "/")
        return (folder.isEmpty ? "" : folder + "/") + "caasctl-check-\(RandomBytes.make(8).hexadecimal)"
    }

    /// Returns whether keys can be listed; nil where every other step would fail as well.
    private func list(_ report: inout ProbeReport) async -> Bool? {
        do throws(StorageError) {
            // No key has this random prefix, so the answer is short however full the bucket is.
            _ = try await store.list(Self.key(below: prefix))
            report.add("list", .good, "keys can be listed")
            return true
        } catch {
            fail("list", error, &report)
            return error.code == .accessDenied ? false : nil
        }
    }

    private func write(_ key: String, canList: Bool, _ report: inout ProbeReport) async -> Bool {
        let started = ContinuousClock.now
        do throws(StorageError) {
            try await store.put(key, Self.content, contentType: "text/plain")
            report.add("write", .good, "a small object in \(Self.seconds(since: started))")
            return true
        } catch {
            guard error.code == .accessDenied, canList else {
                fail("write", error, &report)
                return false
            }
            fail("write", error, &report, "the key may only read: ")
            return false
        }
    }

    private func readBack(_ key: String, _ report: inout ProbeReport) async {
        let started = ContinuousClock.now
        do throws(StorageError) {
            guard try await store.get(key, limit: 4096) == Self.content else {
                return report.add("read", .failed, "what was read is not what was written")
            }
            report.add("read", .good, "the same bytes in \(Self.seconds(since: started))")
        } catch { fail("read", error, &report) }
    }

    /// Reports whether the store honours If-None-Match.
    ///
    /// A run works without it, but two containers of one run could overwrite each other's objects.
    private func replace(_ key: String, _ report: inout ProbeReport) async {
        do throws(StorageError) {
            try await store.put(key, Array("another\n".utf8), contentType: "text/plain", once: true)
            report.add("write once", .good, "not kept by this server (If-None-Match); a run does not rely on it")
        } catch {
            if error.code == .preconditionFailed {
                report.add("write once", .good, "what is there is not replaced")
            } else {
                fail("write once", error, &report)
            }
        }
    }

    /// Uploads and downloads a file the way that a run transfers checkpoints.
    private func move(_ key: String, _ report: inout ProbeReport) async {
        do {
            let folder = try FileSystem.makeTemporaryFolder(
                in: FilePath(ProcessEnvironment.value("TMPDIR") ?? "/tmp"), prefix: "caasctl-check-")
            defer { try? FileSystem.removeTree(folder) }
            let (source, copy) = (folder.appending("source"), folder.appending("copy"))
            try await BlockingThread.run { [size] () throws(POSIXError) in try Self.fill(source, size) }
            var started = ContinuousClock.now
            let object = try await store.upload(source, to: key, once: false) { [size, progress] bytes in
                progress("sent \(ByteCount(bytes)) of \(ByteCount(size))")
            }
            report.add("upload", .good, speed(since: started))
            guard try await store.verify(object) else {
                return report.add("upload", .failed, "the server has something else than was sent")
            }
            started = .now
            try await store.download(object, to: copy) { [size, progress] bytes in
                progress("read \(ByteCount(bytes)) of \(ByteCount(size))")
            }
            report.add("download", .good, "\(speed(since: started)), every part as it was sent")
        } catch let error as StorageError { fail("move a file", error, &report) } catch {
            report.add("move a file", .failed, "\(error)")
        }
        do throws(StorageError) { try await store.delete(key) } catch { fail("delete", error, &report) }
    }

    private func remove(_ key: String, _ report: inout ProbeReport) async {
        do throws(StorageError) {
            try await store.delete(key)
            guard try await store.head(key) == nil else {
                return report.add("delete", .failed, "\(key) is still there")
            }
            report.add("delete", .good, "nothing is left")
        } catch { fail("delete", error, &report) }
    }

    /// Reports multipart uploads that were never completed: they take space that no listing of objects shows.
    private func unfinished(_ report: inout ProbeReport) async {
        guard let store = store as? any MultipartStore, let uploads = try? await store.multipartUploads(prefix) else {
            return
        }
        guard !uploads.isEmpty else { return report.add("unfinished", .good, "no upload was left half done") }
        let oldest = uploads.compactMap(\.started).min().map { ", the oldest since \($0)" } ?? ""
        report.add(
            "unfinished", .good,
            "uploads under way or left half done: \(uploads.count)\(oldest); R2 forgets them after 7 days, "
                + "caasctl storage uploads ls shows them")
    }

    private func clock(_ report: inout ProbeReport) {
        guard store.traits.isRemote else { return }
        let offset = store.clockOffset
        let direction = offset > 0 ? "behind" : "ahead of"
        guard abs(offset) > 60 else {
            return report.add("clock", .good, "this machine's is \(abs(offset)) s \(direction) the server's")
        }
        report.add(
            "clock", .warning,
            "this machine's is \(abs(offset)) s \(direction) the server's, which was made up for; other programs and "
                + "presigned URLs fail: set it, as with 'timedatectl set-ntp true'")
    }

    private func fail(
        _ step: String, _ error: StorageError, _ report: inout ProbeReport, _ meaning: String = ""
    ) {
        let advice = location.advice(on: error, keyID: keyID).map { "; \($0)" } ?? ""
        report.add(step, .failed, "\(meaning)\(error)\(advice)")
    }

    private static let content = Array("written by caasctl storage check\n".utf8)

    /// Writes a file of pseudorandom bytes, which neither compress nor repeat.
    private static func fill(_ path: FilePath, _ size: Int64) throws(POSIXError) {
        let file = try File(path, .create(mode: 0o600))
        var left = size
        var seed = RandomBytes.make(1 << 20)
        while left > 0 {
            try file.write(left >= seed.count ? seed : Array(seed.prefix(Int(left))))
            left -= Int64(seed.count)
            seed.withUnsafeMutableBytes { bytes in
                let count = bytes.bindMemory(to: UInt64.self)
                for index in count.indices { count[index] = count[index] &* 6_364_136_223_846_793_005 &+ 1 }
            }
        }
    }

    private func speed(since started: ContinuousClock.Instant) -> String {
        let seconds = max(0.001, Self.value(ContinuousClock.now - started))
        return "\(ByteCount(size)) in \(Self.text(seconds)) s, \(ByteCount(Int64(Double(size) / seconds)))/s"
    }

    private static func seconds(since started: ContinuousClock.Instant) -> String {
        "\(text(value(ContinuousClock.now - started))) s"
    }

    private static func value(_ duration: Duration) -> Double { duration / .seconds(1) }

    private static func text(_ seconds: Double) -> String {
        let hundredths = Int((seconds * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
}
