import CLibArchive
private import CLinux
import Wording

/// Conversion to and from libarchive's entry.
extension ArchiveEntry {
    private static let fileTypes: [(kind: Kind, type: Int32)] = [
        (.regular, S_IFREG), (.directory, S_IFDIR), (.symbolicLink, S_IFLNK), (.characterDevice, S_IFCHR),
        (.blockDevice, S_IFBLK), (.fifo, S_IFIFO),
    ]

    /// Fills an empty entry; fields that are not set here, such as owner names and access times, stay unset.
    ///
    /// `names` maps attribute names that libarchive would escape to plain ones.
    func store(in raw: OpaquePointer, naming names: AttributeNames) throws {
        guard Self.isBelowRoot(path), !target.contains(0) else {
            throw Failure("write '\(name)' to a layer", "it is not a path below the layer's root")
        }
        Self.withCString(path) { archive_entry_set_pathname(raw, $0) }
        let isLink = kind == .hardLink
        archive_entry_set_filetype(raw, UInt32(Self.fileTypes.first { $0.kind == kind }?.type ?? S_IFREG))
        archive_entry_set_perm(raw, mode_t(mode))
        archive_entry_set_uid(raw, user)
        archive_entry_set_gid(raw, group)
        archive_entry_set_uname(raw, "")
        archive_entry_set_gname(raw, "")
        archive_entry_set_mtime(raw, time_t(modified), 0)
        if kind == .symbolicLink { Self.withCString(target) { archive_entry_set_symlink(raw, $0) } }
        if isLink { Self.withCString(target) { archive_entry_set_hardlink(raw, $0) } }
        archive_entry_set_size(raw, kind == .regular ? size : 0)
        if let device {
            archive_entry_set_rdevmajor(raw, dev_t(device.major))
            archive_entry_set_rdevminor(raw, dev_t(device.minor))
        }
        // Sorted by name, because the order of a dictionary differs from run to run.
        guard !extendedAttributes.isEmpty else { return }
        for name in extendedAttributes.keys where !AttributeNames.isKept(names.plain(name)) {
            throw Failure(
                "write \(self.name) to a layer", "the name of its extended attribute '\(name)' would not be kept")
        }
        for (name, value) in extendedAttributes.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            value.withUnsafeBytes { archive_entry_xattr_add_entry(raw, names.plain(name), $0.baseAddress, $0.count) }
        }
    }

    /// Returns true for a relative path without `..`; allocates nothing, since layers have many entries.
    private static func isBelowRoot(_ path: [UInt8]) -> Bool {
        guard let first = path.first, first != UInt8(ascii: "/") else { return false }
        var length = 0
        var dots = 0
        for byte in path {
            if byte == 0 { return false }
            if byte == UInt8(ascii: "/") {
                if length == 2 && dots == 2 { return false }
                (length, dots) = (0, 0)
            } else {
                length += 1
                if byte == UInt8(ascii: ".") { dots += 1 }
            }
        }
        return !(length == 2 && dots == 2)
    }

    /// Reads a header; nil for a kind that a layer cannot contain, such as a socket.
    init?(_ raw: OpaquePointer) {
        let type = Int32(archive_entry_filetype(raw)) & S_IFMT
        let hardLink = archive_entry_hardlink(raw)
        guard let path = archive_entry_pathname(raw),
            let kind = hardLink != nil ? .hardLink : Self.fileTypes.first(where: { $0.type == type })?.kind
        else { return nil }
        let link = hardLink ?? archive_entry_symlink(raw)
        self.init(
            kind, path: Self.bytes(path), target: link.map(Self.bytes) ?? [],
            mode: UInt32(archive_entry_perm(raw)) & 0o7777, user: archive_entry_uid(raw),
            group: archive_entry_gid(raw), size: kind == .regular ? archive_entry_size(raw) : 0,
            modified: Int64(archive_entry_mtime(raw)))
        if kind == .characterDevice || kind == .blockDevice {
            device = Device(
                major: UInt32(truncatingIfNeeded: archive_entry_rdevmajor(raw)),
                minor: UInt32(truncatingIfNeeded: archive_entry_rdevminor(raw)))
        }
        extendedAttributes = AccessControlList.attributes(of: raw)
        archive_entry_xattr_reset(raw)
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var count = 0
        while archive_entry_xattr_next(raw, &name, &value, &count) == ARCHIVE_OK {
            guard let name else { continue }
            extendedAttributes[String(cString: name)] = Array(UnsafeRawBufferPointer(start: value, count: count))
        }
    }

    private static func bytes(_ text: UnsafePointer<CChar>) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
    }

    private static func withCString(_ bytes: [UInt8], _ body: (UnsafePointer<CChar>) -> Void) {
        (bytes + [0]).withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { text in
                if let start = text.baseAddress { body(start) }
            }
        }
    }
}
