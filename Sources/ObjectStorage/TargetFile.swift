import Hashing
import POSIX
import SystemPackage

/// A file on its way out of a bucket, under a temporary name until it is whole.
final class TargetFile: Sendable {
    private static let chunk = 256 << 10

    private let file: File
    private let path: FilePath
    private let action: String

    init(_ path: FilePath, doing action: String) throws(StorageError) {
        do throws(POSIXError) { file = try File(FileSystem.temporaryPath(beside: path), .update(mode: 0o644)) } catch {
            throw StorageError(error, doing: action)
        }
        self.path = path
        self.action = action
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(StorageError) {
        do throws(POSIXError) { try file.write(bytes, at: offset) } catch { throw StorageError(error, doing: action) }
    }

    /// SHA-256 of a part as it is in the file.
    func hash(offset: Int64, length: Int64) throws(StorageError) -> String {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunk, alignment: 4096)
        defer { buffer.deallocate() }
        var sha256 = SHA256()
        var position: Int64 = 0
        while position < length {
            let room = UnsafeMutableRawBufferPointer(
                rebasing: buffer[..<Int(min(Int64(Self.chunk), length - position))])
            let count: Int
            do throws(POSIXError) { count = try file.read(into: room, at: offset + position) } catch {
                throw StorageError(error, doing: action)
            }
            if count == 0 { break }
            sha256.update(UnsafeRawBufferPointer(rebasing: room[..<count]))
            position += Int64(count)
        }
        return sha256.finish().hexadecimal
    }

    /// Gives the file its name once its content is on the disk.
    func publish() throws(StorageError) {
        do throws(POSIXError) {
            try file.sync()
            try FileSystem.rename(file.path, to: path, sync: true)
        } catch { throw StorageError(error, doing: action) }
    }

    func discard() { try? FileSystem.remove(file.path) }
}
