import Archive
import ByteText

/// Filters a new root file system, so that the image contains nothing of the machine that made it.
enum DebianRoot {
    /// Files that mmdebstrap copies from the host.
    private static let hostFiles: Set<String> = ["etc/hostname", "etc/resolv.conf"]
    /// Folders whose content is left out.
    private static let emptied = ["dev", "run", "tmp", "var/cache", "var/log", "var/lib/apt/lists"]

    /// Returns the entry for the layer, or nil if it is left out.
    static func entry(_ original: ArchiveEntry, newest: Int64) -> ArchiveEntry? {
        let names = original.path.split(separator: UInt8(ascii: "/")).filter { $0 != [UInt8(ascii: ".")] }
        guard !names.isEmpty else { return nil }
        var entry = original
        entry.path = Array(names.joined(separator: [UInt8(ascii: "/")]))
        let name = entry.name
        if hostFiles.contains(name) || emptied.contains(where: { name.hasPrefix(bytes: "\($0)/") }) { return nil }
        switch entry.kind {
        case .characterDevice, .blockDevice: return nil
        case .hardLink:
            entry.target = Array(
                entry.target.split(separator: UInt8(ascii: "/")).filter { $0 != [UInt8(ascii: ".")] }
                    .joined(separator: [UInt8(ascii: "/")]))
        default: break
        }
        // With an empty file, systemd makes a new ID at the first start.
        // https://www.freedesktop.org/software/systemd/man/latest/machine-id.html
        if name == "etc/machine-id" { entry.size = 0 }
        entry.modified = min(entry.modified, newest)
        return entry
    }
}
