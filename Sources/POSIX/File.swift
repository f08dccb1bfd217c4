private import CLinux
package import SystemPackage

/// An open file, which is closed when its owner releases it.
package struct File: ~Copyable, Sendable {
    /// The access mode with which a file is opened.
    package enum Access: Sendable {
        /// Read only; opening a FIFO or a device does not block.
        case read
        /// Write a file that must not exist yet.
        case create(mode: UInt32)
        /// Write a file from its beginning, replacing existing content.
        case replace(mode: UInt32)
        /// Append to a file.
        case append(mode: UInt32)
        /// Read and write a file, creating a missing one.
        case update(mode: UInt32)
    }

    /// The file descriptor, valid as long as this value exists.
    package let descriptor: Int32
    /// The path at opening, for error messages.
    package let path: FilePath

    /// Opens a file; follows symbolic links.
    package init(_ path: FilePath, _ access: Access) throws(POSIXError) {
        self.descriptor = try Self.open(path, access, extraFlags: 0)
        self.path = path
    }

    /// Opens a file for reading; fails where the last component is a symbolic link.
    package init(readingNoFollow path: FilePath) throws(POSIXError) {
        self.descriptor = try Self.open(path, .read, extraFlags: O_NOFOLLOW)
        self.path = path
    }

    /// Takes ownership of an open descriptor.
    package init(owning descriptor: Int32, path: FilePath) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    private static func open(_ path: FilePath, _ access: Access, extraFlags: Int32) throws(POSIXError) -> Int32 {
        let (flags, mode): (Int32, UInt32) =
            switch access {
            case .read: (O_RDONLY | O_NONBLOCK | O_NOCTTY, 0)
            case .create(let mode): (O_WRONLY | O_CREAT | O_EXCL, mode)
            case .replace(let mode): (O_WRONLY | O_CREAT | O_TRUNC, mode)
            case .append(let mode): (O_WRONLY | O_CREAT | O_APPEND, mode)
            case .update(let mode): (O_RDWR | O_CREAT, mode)
            }
        let descriptor = path.withPlatformString { text in
            retrying { caas_open(text, flags | extraFlags | O_CLOEXEC, mode) }
        }
        guard descriptor >= 0 else { throw POSIXError.last("open", path) }
        return descriptor
    }

    /// Reads at most as many bytes as fit, from the current offset; returns 0 at the end.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(POSIXError) -> Int {
        let count = retrying { CLinux.read(descriptor, buffer.baseAddress, buffer.count) }
        guard count >= 0 else { throw POSIXError.last("read", path) }
        return count
    }

    /// Reads at most as many bytes as the array has, from the current offset; returns 0 at the end.
    package func read(into chunk: inout [UInt8]) throws(POSIXError) -> Int {
        // Array.withUnsafeMutableBytes would lose the error's type.
        var failure: POSIXError?
        let count = chunk.withUnsafeMutableBytes { buffer in
            do throws(POSIXError) { return try read(into: buffer) } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        return count
    }

    /// Reads at most as many bytes as fit, from an offset in bytes; returns 0 at the end.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(POSIXError) -> Int {
        let count = retrying { pread(descriptor, buffer.baseAddress, buffer.count, Int(offset)) }
        guard count >= 0 else { throw POSIXError.last("read", path) }
        return count
    }

    /// Writes all bytes at the current offset.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(POSIXError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let buffer = UnsafeRawBufferPointer(rebasing: rest)
            let count = retrying { CLinux.write(descriptor, buffer.baseAddress, buffer.count) }
            guard count >= 0 else { throw POSIXError.last("write", path) }
            rest = rest.dropFirst(count)
        }
    }

    /// Writes all bytes at an offset; several threads may write to different ranges.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(POSIXError) {
        var rest = bytes[...]
        var position = offset
        while !rest.isEmpty {
            let buffer = UnsafeRawBufferPointer(rebasing: rest)
            let count = retrying { pwrite(descriptor, buffer.baseAddress, buffer.count, Int(position)) }
            guard count >= 0 else { throw POSIXError.last("write", path) }
            rest = rest.dropFirst(count)
            position += Int64(count)
        }
    }

    /// Writes all bytes at the current offset.
    package func write(_ bytes: RawSpan) throws(POSIXError) {
        let failure: POSIXError? = bytes.withUnsafeBytes { buffer in
            do throws(POSIXError) {
                try write(buffer)
                return nil
            } catch { return error }
        }
        if let failure { throw failure }
    }

    /// Writes all bytes at the current offset.
    package func write(_ bytes: [UInt8]) throws(POSIXError) { try write(bytes.span.bytes) }

    /// Waits until the content is on disk.
    package func sync() throws(POSIXError) {
        guard retrying({ fsync(descriptor) }) == 0 else { throw POSIXError.last("sync", path) }
    }

    /// Starts writeback of a range without waiting for it.
    ///
    /// It guarantees nothing; only ``sync()`` does. <https://man7.org/linux/man-pages/man2/sync_file_range.2.html>
    package func beginSync(offset: Int64, length: Int64) {
        _ = caas_begin_sync(descriptor, offset, length)
    }

    /// Asks the kernel to drop a range from the page cache, to leave memory for other files.
    ///
    /// This is only a hint; data that is not on disk yet stays. A length of 0 means to the end of the file.
    /// <https://man7.org/linux/man-pages/man2/posix_fadvise.2.html>
    package func dropCache(offset: Int64, length: Int64) {
        posix_fadvise(descriptor, off_t(offset), off_t(length), Int32(POSIX_FADV_DONTNEED))
    }

    /// Truncates the file to 0 bytes and moves the offset to the beginning.
    package func truncate() throws(POSIXError) {
        guard retrying({ ftruncate(descriptor, 0) }) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw POSIXError.last("truncate", path)
        }
    }

    package func status() throws(POSIXError) -> FileStatus {
        let descriptor = FileDescriptor(rawValue: descriptor)
        return try FileStatus(of: path) { () throws(Errno) in try Stat(descriptor) }
    }

    /// Sets the permission bits, regardless of the umask.
    package func setMode(_ mode: UInt32) throws(POSIXError) {
        guard fchmod(descriptor, mode) == 0 else { throw POSIXError.last("change the mode of", path) }
    }

    /// Takes the file's flock(2), which the kernel releases when the descriptor is closed, also after a crash.
    ///
    /// Several processes may share it while none holds it exclusively. Returns false where another process holds it and
    /// `wait` is false.
    package func lock(wait: Bool, shared: Bool = false) throws(POSIXError) -> Bool {
        let kind = shared ? LOCK_SH : LOCK_EX
        if retrying({ flock(descriptor, kind | (wait ? 0 : LOCK_NB)) }) == 0 { return true }
        guard CLinux.__errno_location().pointee == EWOULDBLOCK else { throw POSIXError.last("lock", path) }
        return false
    }

    /// True where the path still leads to this file; it may have been renamed or removed while the lock was awaited.
    package var hasItsName: Bool {
        guard let own = try? status(), let named = try? FileStatus(path) else { return false }
        return own.id == named.id
    }

    /// Gives up writing before the descriptor is closed, where the file can be read; `path` is where it is now.
    ///
    /// The kernel executes no file that anybody may write to, and who holds the last reference to this value may release
    /// it late. ETXTBSY in <https://man7.org/linux/man-pages/man2/execve.2.html>
    package func endWriting(at path: FilePath) {
        guard let reader = try? File(path, .read) else { return }
        _ = retrying { caas_replace(reader.descriptor, descriptor) }
    }

    /// Releases the lock before the descriptor is closed.
    package func unlock() { _ = retrying { flock(descriptor, LOCK_UN) } }
}
