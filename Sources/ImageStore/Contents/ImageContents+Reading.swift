import Archive
import OCI
import POSIX

/// Reading the content of files from the layers that hold it.
extension ImageContents {
    /// Reads the next bytes of a file into the buffer, and returns their number; 0 at the end.
    package typealias Read = (UnsafeMutableRawBufferPointer) throws(ImageStoreError) -> Int

    /// Calls `body` with the content of many files, and reads each layer once from its start.
    ///
    /// Files come in the order of their layers and of their entries there, whatever the order in `files`. Hard links to
    /// one file come once, as the first of them in `files`. Files that are not regular are skipped.
    package func read<Failure: Error>(
        _ files: some Sequence<ImageFile>, wrapping: (ImageStoreError) -> Failure,
        _ body: (ImageFile, Read) throws(Failure) -> Void
    ) throws(Failure) {
        var wanted: [UInt16: [UInt32: ImageFile]] = [:]
        for file in files where file.kind == .regular {
            guard let identity = file.identity, wanted[identity.layer]?[identity.ordinal] == nil else { continue }
            wanted[identity.layer, default: [:]][identity.ordinal] = file
        }
        for (layer, files) in wanted.sorted(by: { $0.key < $1.key }) {
            try read(files, ofLayer: Int(layer), wrapping: wrapping, body)
        }
    }

    /// Returns the content of a small file, following symbolic links; nil if there is no regular file.
    package func content(of path: some Sequence<UInt8>, limit: Int = 1 << 20) throws(ImageStoreError) -> [UInt8]? {
        guard let file = try resolve(path), file.kind == .regular else { return nil }
        guard file.size <= limit else {
            let name = String(decoding: file.path, as: UTF8.self)
            throw ImageStoreError("read '\(name)' of the image", "it has more than \(limit) bytes")
        }
        var content: [UInt8] = []
        try read([file], wrapping: { $0 }) { (_, read) throws(ImageStoreError) in
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

    private func read<Failure: Error>(
        _ files: [UInt32: ImageFile], ofLayer layer: Int, wrapping: (ImageStoreError) -> Failure,
        _ body: (ImageFile, Read) throws(Failure) -> Void
    ) throws(Failure) {
        var reader: LayerReader
        do throws(ImageStoreError) { reader = try open(layer) } catch { throw wrapping(error) }
        var ordinal: UInt32 = 0
        var left = files.count
        while left > 0 {
            var entry: ArchiveEntry?
            do throws(ArchiveError) { entry = try reader.next() } catch { throw wrapping(ImageStoreError(error)) }
            guard entry != nil else {
                throw wrapping(
                    ImageStoreError("read layer \(layers[layer].digest)", "it has fewer files than its listing"))
            }
            if let file = files[ordinal] {
                left -= 1
                try body(file) { (buffer) throws(ImageStoreError) in
                    do throws(ArchiveError) { return try reader.read(into: buffer) } catch {
                        throw ImageStoreError(error)
                    }
                }
            }
            ordinal += 1
        }
    }

    private func open(_ layer: Int) throws(ImageStoreError) -> LayerReader {
        let path = paths[layer]
        let file = try posix { () throws(POSIXError) in try File(path, .read) }
        do throws(ArchiveError) { return try LayerReader(file) } catch { throw ImageStoreError(error) }
    }
}
