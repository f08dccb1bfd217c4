private import CLinux
package import SystemPackage

/// The names in a folder in byte order, in one buffer, since folders with a million names exist.
package struct FolderListing: Sendable {
    /// The names, each followed by a zero byte.
    private let bytes: [CChar]
    private let starts: [Int]

    /// The number of names.
    package var count: Int { starts.count }

    fileprivate init(bytes: [CChar], starts: [Int]) {
        self.bytes = bytes
        self.starts = bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return starts }
            return starts.sorted { strcmp(base + $0, base + $1) < 0 }
        }
    }

    /// Creates a listing of one name.
    package init(only name: FilePath.Component) {
        bytes = name.withPlatformString { Array(UnsafeBufferPointer(start: $0, count: strlen($0) + 1)) }
        starts = [0]
    }

    /// Returns the bytes of a name.
    package func name(_ index: Int) -> [UInt8] {
        withName(index) { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
    }

    fileprivate func component(_ index: Int) -> FilePath.Component? {
        withName(index) { FilePath(platformString: $0).lastComponent }
    }

    func withName<Value, Thrown: Error>(
        _ index: Int, _ body: (UnsafePointer<CChar>) throws(Thrown) -> Value
    ) throws(Thrown) -> Value {
        try bytes.withUnsafeBufferPointer { (buffer) throws(Thrown) in
            guard let base = buffer.baseAddress else { return try body("") }
            return try body(base + starts[index])
        }
    }
}

/// Operations on names by their index in a listing.
extension Folder {
    /// Reads the names in this folder.
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

    /// Returns the status of a name; nil where it is gone.
    package func status(_ index: Int, of listing: FolderListing) throws(POSIXError) -> FileStatus? {
        try listing.withName(index) { (name) throws(POSIXError) in
            try status(name, named: { listing.component(index).map { path.appending($0) } ?? path })
        }
    }

    /// Opens a subfolder.
    package func folder(_ index: Int, of listing: FolderListing) throws(POSIXError) -> Folder {
        guard let name = listing.component(index) else { throw POSIXError("open", path, .noSuchFileOrDirectory) }
        return try folder(name)
    }

    /// Opens the parent of this folder, which error messages call `path`.
    package func parent(named path: FilePath) throws(POSIXError) -> Folder {
        let opened = retrying { caas_openat(descriptor, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0) }
        guard opened >= 0 else { throw POSIXError.last("open", path) }
        return Folder(descriptor: opened, path: path)
    }

    /// Returns the status of this folder.
    package func status() throws(POSIXError) -> FileStatus {
        let descriptor = FileDescriptor(rawValue: descriptor)
        return try FileStatus(of: path) { () throws(Errno) in try Stat(descriptor) }
    }

    /// Opens a folder at any depth below this one; the path may be longer than PATH_MAX.
    ///
    /// The kernel may follow symbolic links on the way: a caller for whom that matters must compare the folder that it
    /// gets.
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
    /// Splits a relative path between names.
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
