import Hashing
import POSIX
package import SystemPackage

/// What an ETag says about an object's content.
///
/// It is an MD5 where the object was uploaded in one piece (rclone returns an MD5 for every object), and the MD5 of the
/// parts' MD5s with their number where it was uploaded in parts. Servers that encrypt with their own key return
/// something else. A matching ETag therefore proves the content, but a different one proves nothing.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html#large-object-checksums>
struct ObjectETag: Sendable {
    private enum Kind: Sendable {
        case whole
        case parts(Int)
        case opaque
    }

    /// The part sizes of well-known programs in mebibytes, to be tried besides our own rule.
    private static let usualSizes: [Int64] = [5, 8, 10, 15, 16, 25, 32, 50, 64, 100, 128, 256, 512, 1024]

    private let text: String
    private let kind: Kind

    init(_ etag: String) {
        text = etag.lowercased()
        let pieces = text.split(separator: "-", omittingEmptySubsequences: false)
        let isHash = pieces[0].utf8.count == 32 && [UInt8](hexadecimal: String(pieces[0]))?.count == 16
        if isHash, pieces.count == 1 {
            kind = .whole
        } else if isHash, pieces.count == 2, let count = Int(pieces[1]), count > 0 {
            kind = .parts(count)
        } else {
            kind = .opaque
        }
    }

    /// Returns true where another answer's ETag is the same.
    func isSame(_ etag: String) -> Bool { etag.lowercased() == text }

    /// Returns true where the ETag may consist of the MD5s of these parts.
    func isCut(like ranges: PartRanges) -> Bool {
        if case .parts(ranges.count) = kind { true } else { false }
    }

    /// Returns true where the ETag consists of these MD5s.
    func fits(_ parts: [[UInt8]]) -> Bool { ExpectedETags.combined(parts.map(\.hexadecimal)) == text }

    /// Returns true where the right content must have this ETag: an MD5, or parts that our own upload cut.
    func mustFit(_ size: Int64, isOurs: Bool) -> Bool {
        switch kind {
        case .whole: true
        case .parts(let count):
            isOurs && PartRanges(cutting: size, minimum: S3Client.Options().minimumPartSize).count == count
        case .opaque: false
        }
    }

    /// Returns the divisions of an object that give the ETag's number of parts.
    private func cuts(_ size: Int64) -> [PartRanges] {
        guard case .parts(let count) = kind else { return [] }
        let ours = PartRanges(cutting: size, minimum: S3Client.Options().minimumPartSize).partSize
        var sizes = [ours] + Self.usualSizes.map { $0 << 20 }
        // A program that was told the number of parts uses the smallest whole mebibytes that give this number.
        sizes.append(((size / Int64(count) + (1 << 20) - 1) >> 20) << 20)
        var seen: Set<Int64> = []
        return sizes.filter { $0 > 0 && seen.insert($0).inserted }
            .map { PartRanges(size: size, partSize: $0) }
            .filter { $0.count == count }
    }

    /// Returns true where the file's content has this ETag; skips a division that is already known not to match.
    func fits(
        _ file: borrowing File, size: Int64, besides known: PartRanges? = nil, progress: ((Int64) -> Void)? = nil
    ) throws(POSIXError) -> Bool {
        switch kind {
        case .opaque: return false
        case .whole: return try Self.md5(file, offset: 0, length: size, progress).hexadecimal == text
        case .parts:
            for ranges in cuts(size) where ranges != known {
                var parts: [String] = []
                for index in 0..<ranges.count {
                    parts.append(
                        try Self.md5(file, offset: ranges.offset(index), length: ranges.length(index), progress)
                            .hexadecimal)
                }
                if ExpectedETags.combined(parts) == text { return true }
            }
            return false
        }
    }

    /// Returns the MD5 of a range; `progress` receives the position in the file.
    static func md5(
        _ file: borrowing File, offset: Int64, length: Int64, _ progress: ((Int64) -> Void)? = nil
    ) throws(POSIXError) -> [UInt8] {
        var hash = MD5()
        try file.forEachPiece(offset: offset, length: length) { bytes, position in
            hash.update(bytes)
            progress?(offset + position + Int64(bytes.count))
        }
        return hash.finish()
    }
}

extension S3Client {
    /// Returns true where a local file certainly has the object's content; false also where that cannot be determined.
    ///
    /// `progress` receives the number of the file's bytes read.
    static func isSame(
        _ file: FilePath, size: Int64, etag: String, progress: (@Sendable (Int64) -> Void)? = nil
    ) async throws(StorageError) -> Bool {
        let action = "compare \(file) with the bucket"
        return try await BlockingThread.run { () throws(StorageError) in
            do throws(POSIXError) {
                let open = try File(file, .read)
                let status = try open.status()
                guard status.kind == .regular, status.size == size else { return false }
                return try ObjectETag(etag).fits(open, size: size, progress: progress)
            } catch {
                if error.errno == .noSuchFileOrDirectory { return false }
                throw StorageError(error, doing: action)
            }
        }
    }

    /// Returns true where an object certainly has the content of a local file; false also where that is unknown.
    package func holds(
        _ object: ListedObject, contentOf file: FilePath, progress: (@Sendable (Int64) -> Void)?
    ) async throws(StorageError) -> Bool {
        try await Self.isSame(file, size: object.size, etag: object.etag, progress: progress)
    }

    /// Returns true where the listed ETag is the one expected for the upload; false also where none is known.
    package func proves(_ object: UploadedObject, _ listed: ListedObject) -> Bool {
        listed.size == object.size && !object.uploadToken.isEmpty
            && etags[object.uploadToken].map { $0 == listed.etag } == true
    }
}
