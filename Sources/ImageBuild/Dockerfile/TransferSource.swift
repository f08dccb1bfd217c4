import Archive
import SystemPackage

/// A file, folder or link that COPY or ADD finds.
protocol TransferNode: Sendable {
    /// Where it is below the source's root, without links on the way; empty for the root.
    var path: [UInt8] { get }
    /// What it is, with the owner, mode and time that it gets unless something else is said; nil for a socket.
    var header: ArchiveEntry? { get }
    associatedtype Identity: Hashable, Sendable
    /// Equal for names of one file; nil for what has one name alone, or no content.
    var identity: Identity? { get }
}

extension TransferNode {
    /// The last part of its path, empty for the root.
    var lastName: ArraySlice<UInt8> { ContainerPath.lastName(of: path) }
}

/// Gives the next bytes of a file, 0 at its end.
typealias ContentReader = (UnsafeMutableRawBufferPointer) throws(ImageBuildError) -> Int

/// Where COPY and ADD take files from.
protocol TransferSource: Sendable {
    associatedtype Node: TransferNode

    /// As messages call it.
    var name: String { get }
    /// What keeps files out; nil where nothing does.
    var rules: IgnoreRules? { get }
    /// True where files are best read one after the other as they are met, false where all of them together.
    var isReadAsMet: Bool { get }
    /// The node that a path leads to, through every link but never above the root; nil where there is none.
    func find(_ path: [UInt8]) throws(ImageBuildError) -> Node?
    /// What is in a folder, in the byte order of names.
    func children(of folder: Node) throws(ImageBuildError) -> [Node]
    /// Where on this machine a file is; nil where it is only in a layer.
    func place(of node: Node) -> FilePath?
    /// Hands regular files over with their content, in an order of its own.
    func read(
        _ files: [Node], _ body: (Node, ContentReader) throws(ImageBuildError) -> Void
    ) throws(ImageBuildError)
}
