import ByteText
import HTTP
import Hashing
import ObjectStorage
import POSIX
import RunContract
import SystemPackage
import Terminal
import Timestamps
import Wording

/// Uses a store as a run would, and reports the steps that fail.
struct StorageProbe: Sendable {
    /// Few and short retries, because the user waits for the result.
    static let policy = RetryPolicy(attempts: 3, firstBound: 0.5, lastBound: 2)

    let store: any ObjectStore
    let location: StoreLocation
    let keyID: String?
    let prefix: String
    let size: Int64

    /// Takes every possible step, and removes what it wrote.
    func run(_ report: inout StorageReport) async {
        report.add("place", .good, describedPlace)
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

    private var describedPlace: String {
        guard case .bucket(let bucket) = location else { return "\(location)" }
        let style = bucket.addressing == .path ? "" : ", the bucket's name ahead of the host's"
        return
            "\(location) at \(bucket.endpoint.scheme)://\(bucket.endpoint.authority), region \(bucket.region)\(style)"
    }

    /// Returns whether keys can be listed; nil where every other step would fail as well.
    private func list(_ report: inout StorageReport) async -> Bool? {
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

    private func write(_ key: String, canList: Bool, _ report: inout StorageReport) async -> Bool {
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

    private func readBack(_ key: String, _ report: inout StorageReport) async {
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
    private func replace(_ key: String, _ report: inout StorageReport) async {
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
    private func move(_ key: String, _ report: inout StorageReport) async {
        do {
            let folder = try FileSystem.makeTemporaryFolder(
                in: FilePath(ProcessEnvironment.value("TMPDIR") ?? "/tmp"), prefix: "caasctl-check-")
            defer { try? FileSystem.removeTree(folder) }
            let (source, copy) = (folder.appending("source"), folder.appending("copy"))
            try await BlockingThread.run { [size] () throws(POSIXError) in try Self.fill(source, size) }
            var started = ContinuousClock.now
            let line = ProgressLine()
            let object = try await store.upload(source, to: key, once: false) { [size] bytes in
                line.update("sent \(ByteCount(bytes)) of \(ByteCount(size))")
            }
            report.add("upload", .good, speed(since: started))
            guard try await store.verify(object) else {
                return report.add("upload", .failed, "the server has something else than was sent")
            }
            started = .now
            try await store.download(object, to: copy) { [size] bytes in
                line.update("read \(ByteCount(bytes)) of \(ByteCount(size))")
            }
            report.add("download", .good, "\(speed(since: started)), every part as it was sent")
        } catch let error as StorageError { fail("move a file", error, &report) } catch {
            report.add("move a file", .failed, "\(error)")
        }
        do throws(StorageError) { try await store.delete(key) } catch { fail("delete", error, &report) }
    }

    private func remove(_ key: String, _ report: inout StorageReport) async {
        do throws(StorageError) {
            try await store.delete(key)
            guard try await store.head(key) == nil else {
                return report.add("delete", .failed, "\(key) is still there")
            }
            report.add("delete", .good, "nothing is left")
        } catch { fail("delete", error, &report) }
    }

    /// Reports multipart uploads that were never completed: they take space that no listing of objects shows.
    private func unfinished(_ report: inout StorageReport) async {
        guard let client = store as? S3Client, let uploads = try? await client.multipartUploads(prefix) else { return }
        guard !uploads.isEmpty else { return report.add("unfinished", .good, "no upload was left half done") }
        let oldest = uploads.compactMap(\.started).min().map { ", the oldest since \($0)" } ?? ""
        report.add(
            "unfinished", .good,
            "uploads under way or left half done: \(uploads.count)\(oldest); R2 forgets them after 7 days, "
                + "caasctl storage uploads ls shows them")
    }

    private func clock(_ report: inout StorageReport) {
        guard case .bucket = location else { return }
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
        _ step: String, _ error: StorageError, _ report: inout StorageReport, _ meaning: String = ""
    ) {
        let advice = error.advice(at: location, keyID: keyID).map { "; \($0)" } ?? ""
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
