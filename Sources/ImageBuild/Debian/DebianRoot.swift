import Archive
import ByteText

/// What of a fresh root file system belongs into an image: nothing of the machine that made it.
enum DebianRoot {
    /// mmdebstrap copies these from the host.
    private static let hostFiles: Set<String> = ["etc/hostname", "etc/resolv.conf"]
    /// Folders that stay, but empty.
    private static let emptied = ["dev", "run", "tmp", "var/cache", "var/log", "var/lib/apt/lists"]

    /// The entry as it goes into the layer, nil where it stays out.
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
        // systemd makes a new id on the first start where the file is empty.
        // https://www.freedesktop.org/software/systemd/man/latest/machine-id.html
        if name == "etc/machine-id" { entry.size = 0 }
        entry.modified = min(entry.modified, newest)
        return entry
    }
}
