import Archive
import OCI
import POSIX
import Wording

/// Reading the content of files from the layers that hold it.
extension ImageContents {
    /// Reads the next bytes of a file into the buffer, and returns their number; 0 at the end.
    package typealias Read = (UnsafeMutableRawBufferPointer) throws -> Int

    /// Calls `body` with the content of many files, and reads each layer once from its start.
    ///
    /// Files come in the order of their layers and of their entries there, whatever the order in `files`. Hard links to
    /// one file come once, as the first of them in `files`. Files that are not regular are skipped.
    package func read(_ files: some Sequence<ImageFile>, _ body: (ImageFile, Read) throws -> Void) throws {
        var wanted: [UInt16: [UInt32: ImageFile]] = [:]
        for file in files where file.kind == .regular {
            guard let identity = file.identity, wanted[identity.layer]?[identity.ordinal] == nil else { continue }
            wanted[identity.layer, default: [:]][identity.ordinal] = file
        }
        for (layer, files) in wanted.sorted(by: { $0.key < $1.key }) {
            try read(files, ofLayer: Int(layer), body)
        }
    }

    /// Returns the content of a small file, following symbolic links; nil if there is no regular file.
    package func content(of path: some Sequence<UInt8>, limit: Int = 1 << 20) throws -> [UInt8]? {
        guard let file = try resolve(path), file.kind == .regular else { return nil }
        guard file.size <= limit else {
            let name = String(decoding: file.path, as: UTF8.self)
            throw Failure("read '\(name)' of the image", "it has more than \(limit) bytes")
        }
        var content: [UInt8] = []
        try read([file]) { (_, read) in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
            defer { buffer.deallocate() }
            while true {
                let count = try read(buffer)
                if count == 0 { break }
                content.append(contentsOf: buffer[..<count])
            }
        }
        return content
    }

    private func read(
        _ files: [UInt32: ImageFile], ofLayer layer: Int, _ body: (ImageFile, Read) throws -> Void
    ) throws {
        var reader = try LayerReader(at: paths[layer])
        var ordinal: UInt32 = 0
        var left = files.count
        while left > 0 {
            guard try reader.next() != nil else {
                throw Failure("read layer \(layers[layer].digest)", "it has fewer files than its listing")
            }
            if let file = files[ordinal] {
                left -= 1
                try body(file) { (buffer) in
                    try reader.read(into: buffer)
                }
            }
            ordinal += 1
        }
    }
}
