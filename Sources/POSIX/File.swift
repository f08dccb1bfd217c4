private import CLinux
package import SystemPackage

/// An open file, closed when its owner is done with it.
package struct File: ~Copyable, Sendable {
    /// Why a file is opened.
    package enum Access: Sendable {
        /// Only to read; a FIFO or device is not waited for.
        case read
        /// To write a file that must not exist yet.
        case create(mode: UInt32)
        /// To write from the beginning, whatever was there.
        case replace(mode: UInt32)
        /// To write at the end.
        case append(mode: UInt32)
        /// To read and write what exists or is made.
        case update(mode: UInt32)
    }

    /// The number by which the kernel knows it; valid as long as this value lives.
    package let descriptor: Int32
    /// Where it was opened.
    package let path: FilePath

    /// Opens a file; symbolic links are followed.
    package init(_ path: FilePath, _ access: Access) throws(POSIXError) {
        self.descriptor = try Self.open(path, access, extraFlags: 0)
        self.path = path
    }

    /// Opens a file to read, and fails where the last component is a symbolic link.
    package init(readingNoFollow path: FilePath) throws(POSIXError) {
        self.descriptor = try Self.open(path, .read, extraFlags: O_NOFOLLOW)
        self.path = path
    }

    /// Takes over a descriptor that somebody else opened.
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

    /// Reads at most as much as fits, from where the file stands; 0 at its end.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(POSIXError) -> Int {
        let count = retrying { CLinux.read(descriptor, buffer.baseAddress, buffer.count) }
        guard count >= 0 else { throw POSIXError.last("read", path) }
        return count
    }

    /// Reads at most as many bytes as the array has, from where the file stands; 0 at the end.
    package func read(into chunk: inout [UInt8]) throws(POSIXError) -> Int {
        // Array's own withUnsafeMutableBytes would lose the type of the error.
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

    /// Reads at most as much as fits, from an offset in bytes; 0 at its end.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(POSIXError) -> Int {
        let count = retrying { pread(descriptor, buffer.baseAddress, buffer.count, Int(offset)) }
        guard count >= 0 else { throw POSIXError.last("read", path) }
        return count
    }

    /// Writes all the bytes.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(POSIXError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let buffer = UnsafeRawBufferPointer(rebasing: rest)
            let count = retrying { CLinux.write(descriptor, buffer.baseAddress, buffer.count) }
            guard count >= 0 else { throw POSIXError.last("write", path) }
            rest = rest.dropFirst(count)
        }
    }

    /// Writes all the bytes from an offset on; several threads may write to different places.
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

    /// Writes all the bytes.
    package func write(_ bytes: RawSpan) throws(POSIXError) {
        let failure: POSIXError? = bytes.withUnsafeBytes { buffer in
            do throws(POSIXError) {
                try write(buffer)
                return nil
            } catch { return error }
        }
        if let failure { throw failure }
    }

    /// Writes all the bytes.
    package func write(_ bytes: [UInt8]) throws(POSIXError) { try write(bytes.span.bytes) }

    /// Waits until the content is on the disk.
    package func sync() throws(POSIXError) {
        guard retrying({ fsync(descriptor) }) == 0 else { throw POSIXError.last("sync", path) }
    }

    /// Lets the disk begin with what was written to a range, for which nobody waits.
    ///
    /// It promises nothing; only ``sync()`` does. <https://man7.org/linux/man-pages/man2/sync_file_range.2.html>
    package func beginSync(offset: Int64, length: Int64) {
        _ = caas_begin_sync(descriptor, offset, length)
    }

    /// Lets the kernel forget what it keeps in memory of a range, so that memory is left for what others read.
    ///
    /// Only a hint; what is not on the disk yet stays. <https://man7.org/linux/man-pages/man2/posix_fadvise.2.html>
    package func dropCache(offset: Int64, length: Int64) {
        posix_fadvise(descriptor, off_t(offset), off_t(length), Int32(POSIX_FADV_DONTNEED))
    }

    /// Throws the content away; the next write begins at the front.
    package func truncate() throws(POSIXError) {
        guard retrying({ ftruncate(descriptor, 0) }) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw POSIXError.last("truncate", path)
        }
    }

    /// What the file is now.
    package func status() throws(POSIXError) -> FileStatus {
        var raw = stat()
        guard fstat(descriptor, &raw) == 0 else { throw POSIXError.last("examine", path) }
        return FileStatus(raw)
    }

    /// Sets the permission bits, whatever the umask.
    package func setMode(_ mode: UInt32) throws(POSIXError) {
        guard fchmod(descriptor, mode) == 0 else { throw POSIXError.last("change the mode of", path) }
    }

    /// Takes the file's lock, which the kernel gives back when the descriptor closes, also by a crash.
    ///
    /// Many may share it while nobody has it alone. Returns false where another process holds it and `wait` is false.
    package func lock(wait: Bool, shared: Bool = false) throws(POSIXError) -> Bool {
        let kind = shared ? LOCK_SH : LOCK_EX
        if retrying({ flock(descriptor, kind | (wait ? 0 : LOCK_NB)) }) == 0 { return true }
        guard CLinux.__errno_location().pointee == EWOULDBLOCK else { throw POSIXError.last("lock", path) }
        return false
    }

    /// True where its name still leads to this file: whoever waited for the lock may hold what was renamed or removed.
    package var hasItsName: Bool {
        guard let own = try? status(), let named = try? FileStatus(path) else { return false }
        return own.inode == named.inode
    }

    /// Gives the lock back before the descriptor closes.
    package func unlock() { _ = retrying { flock(descriptor, LOCK_UN) } }
}
