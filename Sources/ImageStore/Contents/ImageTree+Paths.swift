import Archive

/// Path resolution as in a process whose root is the image's root.
extension ImageTree {
    /// Linux's limit of symbolic links on the way to one file.
    ///
    /// <https://man7.org/linux/man-pages/man7/path_resolution.7.html>
    private static let mostLinks = 40
    private static let slash = UInt8(ascii: "/")

    /// The state of a path resolution: the node reached so far, and the remaining parts, the next one last.
    struct Walk {
        var place = ImageTree.root
        var rest: [ArraySlice<UInt8>]
        var links = 0

        init(_ path: ArraySlice<UInt8>) { rest = [path] }

        /// Removes and returns the next name; nil at the end.
        mutating func next() -> ArraySlice<UInt8>? {
            while let part = rest.popLast() {
                let name = part.drop { $0 == ImageTree.slash }
                guard !name.isEmpty else { continue }
                let end = name.firstIndex(of: ImageTree.slash) ?? name.endIndex
                if end < name.endIndex { rest.append(name[end...]) }
                return name[..<end]
            }
            return nil
        }
    }

    /// The result of a resolution.
    enum Arrival {
        case complete
        case missing(ArraySlice<UInt8>)
        /// A file that is not a folder has more names behind it in the path.
        case blocked
        case tooManyLinks
    }

    /// Resolves the rest of a path as far as possible; follows symbolic links, also at its end.
    func advance(_ walk: inout Walk) -> Arrival {
        while let name = walk.next() {
            if name == [UInt8(ascii: ".")] { continue }
            guard nodes[Int(walk.place)].kind == .directory else { return .blocked }
            if name == Array("..".utf8)[...] {
                walk.place = nodes[Int(walk.place)].parent
                continue
            }
            guard let child = child(name, of: walk.place) else { return .missing(name) }
            guard nodes[Int(child)].kind == .symbolicLink else {
                walk.place = child
                continue
            }
            walk.links += 1
            guard walk.links <= Self.mostLinks else { return .tooManyLinks }
            let target = target(of: child)
            if target.first == Self.slash { walk.place = Self.root }
            walk.rest.append(target)
        }
        return .complete
    }

    /// Returns the target of a symbolic link; empty for all other kinds.
    func target(of node: UInt32) -> ArraySlice<UInt8> {
        let range = extra(of: node)
        var reader = RecordReader(arena, from: range.lowerBound, to: range.upperBound)
        guard nodes[Int(node)].kind == .symbolicLink, let target = try? reader.range() else { return [] }
        return arena[target]
    }

    /// Splits a path into the folder part and the last name; nil for the root.
    static func split(_ path: ArraySlice<UInt8>) -> (folder: ArraySlice<UInt8>, name: ArraySlice<UInt8>)? {
        var path = path
        while true {
            while path.last == slash { path.removeLast() }
            let start = path.lastIndex(of: slash).map { $0 + 1 } ?? path.startIndex
            let name = path[start...]
            if name.isEmpty { return nil }
            if name != [UInt8(ascii: ".")] { return (path[..<start], name) }
            path = path[..<start]
        }
    }
}
