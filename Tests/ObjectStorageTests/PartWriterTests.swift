import CLinux
import POSIX
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import HTTP
@testable import ObjectStorage

/// The path of a part's bytes to the disk.
struct PartWriterTests {
    private let folder: TemporaryFolder
    private let queue = WriteQueue(TransferLimits(HTTPClient(), partsAtOnce: 4))

    init() throws { folder = try TemporaryFolder() }

    /// A file that several threads write.
    private final class Target: Sendable {
        let file: File
        let unaligned = Mutex(0)
        init(_ path: FilePath) throws { file = try File(path, .update(mode: 0o644)) }

        func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(StorageError) {
            if offset % 4096 != 0 { unaligned.withLock { $0 += 1 } }
            do throws(POSIXError) { try file.write(bytes, at: offset) } catch {
                throw StorageError(error, doing: "write")
            }
        }
    }

    private func feed(_ writer: PartWriter, _ bytes: ArraySlice<UInt8>, most: Int) throws {
        var rest = bytes
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...most))
            try piece.withUnsafeBytes { try writer.take($0) }
            rest = rest.dropFirst(piece.count)
        }
    }

    @Test(arguments: [0, 1, 4095, 262_144, 262_145, 3_000_001])
    func `parts that come in any pieces, many at once, are in the file afterwards`(_ partSize: Int) async throws {
        let content = noise(max(1, partSize * 7), seed: 5)
        let target = try Target(folder("out"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for part in 0..<7 {
                let range = part * partSize..<(part + 1) * partSize
                group.addTask {
                    let writer = PartWriter(queue, at: Int64(range.lowerBound)) {
                        (bytes, offset) throws(StorageError) in
                        try target.write(bytes, at: offset)
                    }
                    // An earlier attempt that was interrupted.
                    try feed(writer, ArraySlice(repeating: 0xEE, count: range.count / 2), most: 100_000)
                    writer.restart()
                    try feed(writer, content[range], most: 131_072)
                    try await writer.finish()
                }
            }
            try await group.waitForAll()
        }
        let written = try FileSystem.read(folder("out"))
        #expect(written == Array(content.prefix(7 * partSize)))
        if partSize == 262_144 { #expect(target.unaligned.withLock { $0 } == 0) }
    }

    @Test(arguments: [1, 262_144, 5_000_003])
    func `where the order counts, a part comes in order`(_ size: Int) async throws {
        let content = noise(size, seed: 9)
        let received = Mutex<[UInt8]>([])
        let writer = PartWriter(queue, at: 12_345, isOrdered: true) { bytes, offset in
            received.withLock {
                #expect(offset == 12_345 + Int64($0.count))
                $0 += bytes
            }
            // Writes more slowly than the bytes arrive.
            usleep(2000)
        }
        try feed(writer, ArraySlice(content.prefix(size / 3)), most: 100_000)
        writer.restart()
        received.withLock { $0 = [] }
        try feed(writer, content[...], most: 100_000)
        try await writer.finish()
        #expect(received.withLock { $0 == content })
    }

    @Test func `a disk that is full is said by the next piece or in the end`() async throws {
        let writer = PartWriter(queue, at: 0) { (_, _) throws(StorageError) in
            throw StorageError(.local, "write the part", "no space left on device")
        }
        let bytes = [UInt8](repeating: 1, count: 100_000)
        var failure: StorageError?
        for _ in 0..<1000 where failure == nil {
            do { try bytes.withUnsafeBytes { try writer.take($0) } } catch { failure = error as? StorageError }
        }
        #expect(failure?.description.contains("no space left on device") == true)
        await #expect(throws: StorageError.self) { try await writer.finish() }
        writer.restart()
        try await writer.finish()
    }
}
