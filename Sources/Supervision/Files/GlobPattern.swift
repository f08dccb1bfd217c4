import RunContract

/// A path pattern below a folder, with `*`, `?` and `**`; it includes the contents of the folders that it matches.
struct GlobPattern: Sendable, Hashable {
    /// The pattern as written.
    let text: String
    private let components: [[UInt8]]

    init(_ text: String) {
        self.text = text
        components = text.utf8.split(separator: UInt8(ascii: "/")).map(Array.init).filter { $0 != Array(".".utf8) }
    }

    /// True if the pattern contains `..`, and so may leave its folder.
    var escapes: Bool { components.contains(Array("..".utf8)) }

    /// The path before the first wildcard, nil if there is none.
    var fixed: RelativePath? {
        let names = components.prefix { !$0.contains(UInt8(ascii: "*")) && !$0.contains(UInt8(ascii: "?")) }
        return RelativePath(names.joined(separator: [UInt8(ascii: "/")]))
    }

    func matches(_ path: RelativePath) -> Bool {
        let names = path.names
        return (1...names.count).contains { Self.matches(components[...], names.prefix($0)) }
    }

    /// Returns true if something in this folder may match.
    func reaches(_ folder: RelativePath) -> Bool {
        for (pattern, name) in zip(components, folder.names) {
            if pattern == Array("**".utf8) { return true }
            guard Self.matches(pattern[...], name) else { return false }
        }
        return true
    }

    private static func matches(_ pattern: ArraySlice<[UInt8]>, _ path: ArraySlice<ArraySlice<UInt8>>) -> Bool {
        guard let first = pattern.first else { return path.isEmpty }
        if first == Array("**".utf8) {
            return (0...path.count).contains { matches(pattern.dropFirst(), path.dropFirst($0)) }
        }
        guard let name = path.first, matches(first[...], name) else { return false }
        return matches(pattern.dropFirst(), path.dropFirst())
    }

    /// Matches one name against one component, as in a shell.
    ///
    /// After a mismatch only the last star is extended, so that the time grows no faster than the product of the
    /// lengths.
    private static func matches(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
        var (pattern, name) = (pattern, name)
        var star: (pattern: ArraySlice<UInt8>, name: ArraySlice<UInt8>)?
        while true {
            if pattern.first == UInt8(ascii: "*") {
                pattern.removeFirst()
                star = (pattern, name)
            } else if let next = name.first, let wanted = pattern.first, wanted == next || wanted == UInt8(ascii: "?") {
                pattern.removeFirst()
                name.removeFirst()
            } else if pattern.isEmpty && name.isEmpty {
                return true
            } else if let last = star, !last.name.isEmpty {
                star?.name.removeFirst()
                (pattern, name) = (last.pattern, last.name.dropFirst())
            } else {
                return false
            }
        }
    }
}
