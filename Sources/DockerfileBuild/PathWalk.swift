import ImageLayers

/// A walk along a path in a root file system, which resolves symbolic links as a process with that root would.
///
/// For each place, the caller looks up the file. It calls ``follow(_:)`` for a symbolic link and ``enter()`` otherwise.
struct PathWalk {
    /// Linux's limit of symbolic links in one path. <https://man7.org/linux/man-pages/man7/path_resolution.7.html>
    private static let mostLinks = 40

    private var names: [ArraySlice<UInt8>] = []
    private var next: ArraySlice<UInt8> = []
    /// The remaining names in reverse order.
    private var rest: [ArraySlice<UInt8>]
    private var links = 0

    init(_ path: [UInt8]) { rest = path.split(separator: ContainerPath.slash).reversed() }

    /// The current place, without symbolic links.
    var place: [UInt8] { ContainerPath.joined(names) }
    /// Whether no names remain.
    var isAtEnd: Bool { rest.isEmpty }

    /// Returns the next place for the caller to look up, or nil at the end.
    mutating func nextPlace() -> [UInt8]? {
        while let name = rest.popLast() {
            if name == [UInt8(ascii: ".")] { continue }
            if name == Array("..".utf8)[...] {
                _ = names.popLast()
                continue
            }
            next = name
            return ContainerPath.joined(names + [name])
        }
        return nil
    }

    /// Moves to the next place.
    mutating func enter() { names.append(next) }

    /// Follows the symbolic link at the next place; returns false after too many links.
    mutating func follow(_ target: [UInt8]) -> Bool {
        links += 1
        guard links <= Self.mostLinks else { return false }
        if target.first == ContainerPath.slash { names = [] }
        rest += target.split(separator: ContainerPath.slash).reversed()
        return true
    }
}
