import Archive
import ImageLayers
import ImageStore
import SystemPackage

extension ImageFile: TransferNode {
    /// The entry, with the owner, mode and times from the image.
    var header: ArchiveEntry? { entry }
}

/// The files of a stage or an image, as the source of a COPY.
struct ImageFiles: TransferSource {
    let contents: ImageContents
    let name: String
    var rules: IgnoreRules? { nil }
    // File contents are in compressed layers, which can be read only from the beginning.
    var isReadAsMet: Bool { false }

    func find(_ path: [UInt8]) throws -> ImageFile? {
        try contents.resolve(path)
    }

    func children(of folder: ImageFile) -> [ImageFile] { folder.children }

    func place(of node: ImageFile) -> FilePath? { nil }

    func read(_ files: [ImageFile], _ body: (ImageFile, ContentReader) throws -> Void) throws {
        try contents.read(files) { (file, read) in
            try withoutActuallyEscaping(read) { (read) in
                try body(file, read)
            }
        }
    }
}
