import Archive
import ByteText
import POSIX
import SystemPackage
import Wording

/// An unpacked `oci-archive:`, whose folder is removed with the last reference; its lock shows that it is in use.
final class UnpackedArchive: Sendable {
    /// The folder of the OCI layout.
    let folder: FilePath
    private let mark: File

    /// Unpacks the layout's own files; skips all others, and all paths that lead elsewhere.
    init(_ archive: FilePath, below parent: FilePath) throws {
        try FileSystem.makeFolder(parent)
        folder = try FileSystem.makeTemporaryFolder(in: parent, prefix: "archive-")
        mark = try File(folder, .read)
        _ = try mark.lock(wait: true)
        let file = try File(archive, .read)
        do {
            var reader = try LayerReader(file)
            while let entry = try reader.next() {
                guard entry.kind == .regular, let path = Self.place(of: entry) else { continue }
                try Self.write(&reader, to: folder.appending(path))
            }
        } catch { throw Failure("read oci-archive:\(archive)", "\(error)") }
        guard FileSystem.exists(folder.appending("index.json")) else {
            throw Failure("read oci-archive:\(archive)", "it has no index.json, so it is no OCI layout")
        }
    }

    deinit { remove() }

    /// Removes the folder now.
    ///
    /// The last reference may be on a thread that does not release it before the process ends.
    func remove() { try? FileSystem.removeTree(folder) }

    private static func place(of entry: ArchiveEntry) -> String? {
        let names = entry.name.split(byte: "/").filter { $0 != "." }
        if names.count == 1 { return ["index.json", "oci-layout"].first { $0 == names[0] } }
        guard names.count == 3, names[0] == "blobs", names[1] == "sha256",
            names[2].utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) })
        else { return nil }
        return names.joined(separator: "/")
    }

    private static func write(_ reader: inout LayerReader, to path: FilePath) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        do throws(POSIXError) {
            try FileSystem.makeFolder(path.removingLastComponent())
            let file = try File(path, .replace(mode: 0o600))
            while true {
                let count: Int
                do { count = try reader.read(into: buffer) } catch { throw POSIXError("read", path, .ioError) }
                if count == 0 { return }
                try file.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        } catch { throw Failure("unpack an archive", error.description) }
    }
}
