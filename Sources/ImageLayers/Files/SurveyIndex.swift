import POSIX
import SystemPackage
import Wording

/// The survey's record of one file.
struct SurveyRecord: Sendable, Hashable {
    /// The depth below the surveyed folder, whose own children have depth 1.
    var depth: Int
    var name: [UInt8]
    var status: FileStatus

    fileprivate static let headerSize = 8 + FileStatus.byteCount

    fileprivate func append(to bytes: inout [UInt8]) {
        withUnsafeBytes(of: (UInt32(depth), UInt32(name.count))) { bytes.append(contentsOf: $0) }
        status.append(to: &bytes)
        bytes.append(contentsOf: name)
    }
}

/// Writes the records of a survey to a file, in the order of the walk.
struct SurveyIndexWriter: ~Copyable {
    private static let chunk = 256 << 10

    private let file: File
    private var pending: [UInt8] = []
    private var written: Int64 = 0

    /// The offset of the next record.
    var end: Int64 { written + Int64(pending.count) }

    init(at path: FilePath) throws {
        file = try File(path, .update(mode: 0o600))
    }

    mutating func append(_ record: SurveyRecord) throws {
        record.append(to: &pending)
        if pending.count >= Self.chunk { try flush() }
    }

    consuming func finish() throws -> SurveyIndex {
        try flush()
        let length = end
        return SurveyIndex(file, length: length)
    }

    private mutating func flush() throws {
        try file.write(pending)
        written += Int64(pending.count)
        pending.removeAll(keepingCapacity: true)
    }
}

/// The records of a survey, in a file, so that a build's memory does not grow with the number of files.
///
/// It is a class so that several threads can read it.
final class SurveyIndex: Sendable {
    private static let chunk = 256 << 10

    private let file: File
    /// The length of all records in bytes.
    let length: Int64

    fileprivate init(_ file: consuming File, length: Int64) {
        self.file = file
        self.length = length
    }

    /// Calls `body` with each record in a range of offsets, and with the bytes of the record.
    func read(_ range: Range<Int64>, _ body: (SurveyRecord, UnsafeRawBufferPointer) throws -> Void) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Int(min(Int64(Self.chunk), Int64(range.count))), alignment: 64)
        defer { buffer.deallocate() }
        var position = range.lowerBound
        while position < range.upperBound {
            let wanted = min(Int64(buffer.count), range.upperBound - position)
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(wanted)])
            let count = try file.read(into: part, at: position)
            var rest = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            while let (record, bytes) = Self.next(in: rest) {
                try body(record, bytes)
                rest = UnsafeRawBufferPointer(rebasing: rest[bytes.count...])
            }
            guard rest.count < count else { throw Failure("read \(file.path)", "it is not what was written to it") }
            position += Int64(count - rest.count)
        }
    }

    /// Returns the record at an offset.
    func record(at place: Int64) throws -> SurveyRecord {
        // A name has at most 255 bytes.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: SurveyRecord.headerSize + 256, alignment: 8)
        defer { buffer.deallocate() }
        let count = try file.read(into: buffer, at: place)
        guard let (record, _) = Self.next(in: UnsafeRawBufferPointer(rebasing: buffer[..<count])) else {
            throw Failure("read \(file.path)", "it is not what was written to it")
        }
        return record
    }

    private static func next(in bytes: UnsafeRawBufferPointer) -> (SurveyRecord, UnsafeRawBufferPointer)? {
        guard bytes.count >= SurveyRecord.headerSize else { return nil }
        let depth = Int(bytes.loadUnaligned(as: UInt32.self))
        let length = Int(bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        let end = SurveyRecord.headerSize + length
        guard bytes.count >= end,
            let status = FileStatus(reading: UnsafeRawBufferPointer(rebasing: bytes[8...]))
        else { return nil }
        let name = Array(bytes[SurveyRecord.headerSize..<end])
        return (
            SurveyRecord(depth: depth, name: name, status: status), UnsafeRawBufferPointer(rebasing: bytes[..<end])
        )
    }
}
