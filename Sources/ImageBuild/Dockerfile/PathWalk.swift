/// A way through a root file system, name by name, whose links lead where they would for a process with that root.
///
/// Whoever walks says of each place what is there: ``enter()`` for what is no link, ``follow(_:)`` for a link.
struct PathWalk {
    /// What Linux allows on the way to one file. <https://man7.org/linux/man-pages/man7/path_resolution.7.html>
    private static let mostLinks = 40

    private var names: [ArraySlice<UInt8>] = []
    private var next: ArraySlice<UInt8> = []
    /// What is left of the way, the next name last.
    private var rest: [ArraySlice<UInt8>]
    private var links = 0

    init(_ path: [UInt8]) { rest = path.split(separator: ContainerPath.slash).reversed() }

    /// Where the walk has come to, without links.
    var place: [UInt8] { ContainerPath.joined(names) }
    /// True where nothing is left of the way.
    var isAtEnd: Bool { rest.isEmpty }

    /// The next place, of which it is to be said what is there; nil at the end.
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

    /// Goes to the next place.
    mutating func enter() { names.append(next) }

    /// Goes where the link at the next place points; false where links lead in a circle.
    mutating func follow(_ target: [UInt8]) -> Bool {
        links += 1
        guard links <= Self.mostLinks else { return false }
        if target.first == ContainerPath.slash { names = [] }
        rest += target.split(separator: ContainerPath.slash).reversed()
        return true
    }
}
