private import CLinux
package import SystemPackage

/// The names in a folder, in byte order: their bytes in one piece, since folders of a million names exist.
package struct FolderListing: Sendable {
    /// The names, each with a zero behind it.
    private let bytes: [CChar]
    private let starts: [Int]

    /// How many names there are.
    package var count: Int { starts.count }

    fileprivate init(bytes: [CChar], starts: [Int]) {
        self.bytes = bytes
        self.starts = bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return starts }
            return starts.sorted { strcmp(base + $0, base + $1) < 0 }
        }
    }

    /// A listing of one name, as if the folder held no other.
    package init(only name: FilePath.Component) {
        bytes = name.withPlatformString { Array(UnsafeBufferPointer(start: $0, count: strlen($0) + 1)) }
        starts = [0]
    }

    /// A name's bytes.
    package func name(_ index: Int) -> [UInt8] {
        withName(index) { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
    }

    fileprivate func component(_ index: Int) -> FilePath.Component? {
        withName(index) { FilePath(platformString: $0).lastComponent }
    }

    func withName<Value>(_ index: Int, _ body: (UnsafePointer<CChar>) -> Value) -> Value {
        bytes.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { body($0 + starts[index]) } ?? body("")
        }
    }
}

/// A folder's names, used by their place in a listing.
extension Folder {
    /// The names in this folder.
    package func listing() throws(POSIXError) -> FolderListing {
        let opened = retrying { caas_openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0) }
        guard opened >= 0 else { throw POSIXError.last("list", path) }
        guard let handle = fdopendir(opened) else {
            close(opened)
            throw POSIXError.last("list", path)
        }
        defer { closedir(handle) }
        var bytes: [CChar] = []
        var starts: [Int] = []
        while true {
            CLinux.__errno_location().pointee = 0
            guard let entry = readdir(handle) else { break }
            withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                    guard strcmp(name, ".") != 0, strcmp(name, "..") != 0 else { return }
                    starts.append(bytes.count)
                    bytes.append(contentsOf: UnsafeBufferPointer(start: name, count: strlen(name) + 1))
                }
            }
        }
        guard CLinux.__errno_location().pointee == 0 else { throw POSIXError.last("list", path) }
        return FolderListing(bytes: bytes, starts: starts)
    }

    /// What a name is, nil where it is gone.
    package func status(_ index: Int, of listing: FolderListing) throws(POSIXError) -> FileStatus? {
        var raw = stat()
        if listing.withName(index, { fstatat(descriptor, $0, &raw, AT_SYMLINK_NOFOLLOW) }) == 0 {
            return FileStatus(raw)
        }
        guard CLinux.__errno_location().pointee == ENOENT else {
            throw POSIXError.last("examine", listing.component(index).map { path.appending($0) } ?? path)
        }
        return nil
    }

    /// Opens a folder in this one.
    package func folder(_ index: Int, of listing: FolderListing) throws(POSIXError) -> Folder {
        guard let name = listing.component(index) else { throw POSIXError("open", path, .noSuchFileOrDirectory) }
        return try folder(name)
    }

    /// Opens the folder that this one is in, which messages call `path`.
    package func parent(named path: FilePath) throws(POSIXError) -> Folder {
        let opened = retrying { caas_openat(descriptor, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0) }
        guard opened >= 0 else { throw POSIXError.last("open", path) }
        return Folder(descriptor: opened, path: path)
    }

    /// What this folder is.
    package func status() throws(POSIXError) -> FileStatus {
        var raw = stat()
        guard fstat(descriptor, &raw) == 0 else { throw POSIXError.last("examine", path) }
        return FileStatus(raw)
    }

    /// Opens a folder anywhere below this one; a path may be longer than the system takes at once.
    ///
    /// Links on the way are not told apart: who must know compares what was found.
    package func folder(below names: [UInt8]) throws(POSIXError) -> Folder {
        var current = self
        for part in names.parts(ofAtMost: Int(PATH_MAX) - 1) {
            let text = part.map { CChar(bitPattern: $0) } + [0]
            let opened = retrying {
                caas_openat(current.descriptor, text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0)
            }
            let path = text.withUnsafeBufferPointer {
                current.path.joined(UnsafeBufferPointer(rebasing: $0.dropLast()))
            }
            guard opened >= 0 else { throw POSIXError.last("open", path) }
            current = Folder(descriptor: opened, path: path)
        }
        return current
    }
}

extension [UInt8] {
    /// A relative path, cut between names.
    fileprivate func parts(ofAtMost limit: Int) -> [ArraySlice<UInt8>] {
        var parts: [ArraySlice<UInt8>] = []
        var rest = self[...]
        while rest.count > limit, let slash = rest.prefix(limit).lastIndex(of: UInt8(ascii: "/")) {
            parts.append(rest[..<slash])
            rest = rest[(slash + 1)...]
        }
        return rest.isEmpty ? parts : parts + [rest]
    }
}
