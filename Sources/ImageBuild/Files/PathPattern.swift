/// A pattern of relative paths: `*` and `?` stay within a name, `**` is any number of folders, `[a-z]` one of a set.
struct PathPattern: Sendable {
    private let segments: [[UInt8]]

    init(_ text: String) {
        segments = text.split(separator: "/").filter { $0 != "." }.map { Array($0.utf8) }
    }

    /// True where the pattern is the whole path.
    func matches(_ path: [UInt8]) -> Bool {
        Self.match(segments[...], path.split(separator: UInt8(ascii: "/"))[...])
    }

    private static func match(_ segments: ArraySlice<[UInt8]>, _ names: ArraySlice<ArraySlice<UInt8>>) -> Bool {
        guard let first = segments.first else { return names.isEmpty }
        if first == Array("**".utf8) {
            let rest = segments.dropFirst()
            // At the end it stands for what is inside a folder, not for the folder.
            if rest.isEmpty { return !names.isEmpty }
            return (0...names.count).contains { match(rest, names.dropFirst($0)) }
        }
        guard let name = names.first, match(first[...], name) else { return false }
        return match(segments.dropFirst(), names.dropFirst())
    }

    private static func match(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        let rest = pattern.dropFirst()
        switch first {
        case UInt8(ascii: "*"): return (0...name.count).contains { match(rest, name.dropFirst($0)) }
        case UInt8(ascii: "?"): return !name.isEmpty && match(rest, name.dropFirst())
        case UInt8(ascii: "["):
            guard let close = rest.dropFirst().firstIndex(of: UInt8(ascii: "]")), let byte = name.first else {
                return false
            }
            return isMember(byte, of: rest[..<close]) && match(rest[(close + 1)...], name.dropFirst())
        default: return name.first == first && match(rest, name.dropFirst())
        }
    }

    private static func isMember(_ byte: UInt8, of set: ArraySlice<UInt8>) -> Bool {
        let isNegated = set.first == UInt8(ascii: "!") || set.first == UInt8(ascii: "^")
        var rest = isNegated ? set.dropFirst() : set
        var isFound = false
        while let low = rest.popFirst() {
            guard rest.first == UInt8(ascii: "-"), let high = rest.dropFirst().first else {
                isFound = isFound || byte == low
                continue
            }
            rest = rest.dropFirst(2)
            isFound = isFound || (low <= byte && byte <= high)
        }
        return isFound != isNegated
    }
}
