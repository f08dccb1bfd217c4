import Archive
import ImageLayers
import SystemPackage

/// A file, folder or symbolic link in the source of a COPY or ADD.
protocol TransferNode: Sendable {
    /// The path below the source's root, without symbolic links; empty for the root.
    var path: [UInt8] { get }
    /// The entry with the default owner, mode and time; nil for a socket.
    var header: ArchiveEntry? { get }
    associatedtype Identity: Hashable, Sendable
    /// Equal for all names of one file; nil for a file with one name, or without content.
    var identity: Identity? { get }
}

extension TransferNode {
    /// The last name of the path, empty for the root.
    var lastName: ArraySlice<UInt8> { ContainerPath.lastName(of: path) }
}

/// Reads the next bytes of a file into a buffer, and returns their number, 0 at the end.
typealias ContentReader = (UnsafeMutableRawBufferPointer) throws -> Int

/// A source of files for COPY and ADD.
protocol TransferSource: Sendable {
    associatedtype Node: TransferNode

    /// The name of the source in messages.
    var name: String { get }
    /// The rules that exclude files, or nil.
    var rules: IgnoreRules? { get }
    /// Whether files are best read one by one during the walk, instead of all together afterwards.
    var isReadAsMet: Bool { get }
    /// Resolves a path with all its symbolic links, never above the root; returns nil if there is no file.
    func find(_ path: [UInt8]) throws -> Node?
    /// Returns the content of a folder, sorted by the bytes of the names.
    func children(of folder: Node) throws -> [Node]
    /// Returns the path of a file on this machine, or nil if it is only in a layer.
    func place(of node: Node) -> FilePath?
    /// Calls `body` with each regular file and its content, in any order.
    func read(
        _ files: [Node], _ body: (Node, ContentReader) throws -> Void
    ) throws
}
