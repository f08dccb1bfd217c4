import HTTP
import Hashing
import POSIX
import Synchronization
package import SystemPackage

/// Downloads of whole objects to files.
extension S3Client {
    /// The number of times that a part with a wrong hash is fetched.
    static let readAttempts = 3

    /// Downloads an object; the file appears under its name, synced to disk, only after every part's hash matched.
    ///
    /// After a failure, or if the process is killed, the received parts stay and need not be fetched again.
    package func download(
        _ object: UploadedObject, to file: FilePath, progress: (@Sendable (Int64) -> Void)?
    ) async throws(StorageError) {
        let action = "download \(location.name(object.key)) to \(file)"
        guard let ranges = object.ranges else {
            throw StorageError(.corrupted, action, "its record has a wrong number of parts")
        }
        let target = try await BlockingThread.run { () throws(StorageError) in
            try TargetFile(object, to: file, doing: action)
        }
        let total = MovedBytes(progress)
        let verified = Atomic(0)
        do throws(StorageError) {
            let order = PartOrder(partSize: ranges.partSize, isBounded: false)
            _ = try await BoundedTasks.run(ranges.count, atOnce: Self.mostTasks) {
                [self] index throws(StorageError) in
                let turn = PartTurn(order: order, part: index)
                defer { finish(turn) }
                try await download(part: index, ranges, of: object, to: target, as: turn, total, action)
                verified.add(1, ordering: .relaxed)
            }
            try await BlockingThread.run { () throws(StorageError) in try target.publish() }
        } catch {
            // Another attempt cannot get what the bucket does not hold.
            let isHopeless = [.corrupted, .noSuchKey].contains(error.code)
            let isUseless = target.isNew && verified.load(ordering: .relaxed) == 0
            if isHopeless || isUseless || ranges.count == 1 { target.discard() }
            target.leave()
            throw error
        }
    }

    private func download(
        part index: Int, _ ranges: PartRanges, of object: UploadedObject, to target: TargetFile, as turn: PartTurn,
        _ total: MovedBytes, _ action: String
    ) async throws(StorageError) {
        let (offset, length) = (ranges.offset(index), ranges.length(index))
        let isRight = { [hasher] () async throws(StorageError) -> Bool in
            let hashes = try await hasher.hash(target, offset: offset, length: length, withMD5: false)
            return hashes.sha256.hexadecimal == object.parts[index]
        }
        if target.mayHold(offset: offset, length: length), try await isRight() {
            total.update(index, length)
            return
        }
        for attempt in 0..<Self.readAttempts {
            let writer = PartWriter(blocks, at: offset) { (bytes, offset) throws(StorageError) in
                try target.write(bytes, at: offset)
            }
            try await fetch(object.key, offset: offset, length: length, into: writer, as: turn, of: ranges, action) {
                total.update(index, $0)
            }
            if try await isRight() {
                blocks.run { target.beginSync(offset: offset, length: length) }
                return
            }
            try await pause(policy.wait(after: attempt), action)
        }
        throw StorageError(
            .corrupted, action,
            "part \(index + 1) of \(ranges.count) is not what was uploaded: its SHA-256 is not \(object.parts[index])")
    }

    /// Fetches a range until all of it is received and written; `progress` receives the number of bytes so far.
    ///
    /// `examine` gets each whole answer, before the range counts as received.
    func fetch(
        _ key: String, offset: Int64, length: Int64, into writer: PartWriter, as turn: PartTurn, of ranges: PartRanges,
        _ action: String, progress: @escaping @Sendable (Int64) -> Void = { _ in },
        examine: (HTTPResponse) throws(StorageError) -> Void = { _ in }
    ) async throws(StorageError) {
        let step = TransferWatch.begin(
            "part \(turn.part + 1) of \(ranges.count) of \(S3Call.shortName(key))", .waiting, as: turn)
        let sink = PartSink(offset: offset, length: length, into: writer) { bytes in
            progress(bytes)
            step?.move(bytes)
        }
        var call = S3Call("GET", key, doing: action)
        // A range request for an empty object is an error.
        if length > 0 { call.headers["Range"] = "bytes=\(offset)-\(offset + length - 1)" }
        call.step = step
        call.move = PartMove(turn: turn, length: length, isComplete: { sink.isComplete })
        defer { step?.end(wentWell: sink.isComplete) }
        do throws(StorageError) { try await fetch(call, length: length, into: sink, action, examine) } catch {
            // No thread may write to the file after it is left to other processes.
            try? await writer.finish()
            throw error
        }
        try await writer.finish()
    }

    private func fetch(
        _ call: S3Call, length: Int64, into sink: PartSink, _ action: String,
        _ examine: (HTTPResponse) throws(StorageError) -> Void
    ) async throws(StorageError) {
        for attempt in 0..<max(1, policy.attempts) {
            var answer: HTTPResponse?
            do throws(StorageError) { answer = try await perform(call, sink: sink) } catch {
                // We cut off what follows the range ourselves. For an empty object, any byte that follows is an error.
                if length == 0, error.code == .local {
                    throw StorageError(.corrupted, action, "the object is longer than what was uploaded")
                }
                if length == 0 || !sink.isComplete { throw error }
            }
            if let answer { try examine(answer) }
            if sink.isComplete { return }
            try await pause(policy.wait(after: attempt), action)
        }
        throw StorageError(.corrupted, action, "the object is shorter than it was said to be")
    }
}
