/// One pattern of a `.dockerignore`, which must match a whole relative path.
///
/// The rules are those of Go's `filepath.Match`, with `**` for any number of folders:
/// <https://docs.docker.com/build/concepts/context/#dockerignore-files>,
/// <https://pkg.go.dev/path/filepath#Match>.
package struct IgnorePattern: Sendable {
    enum Token: Sendable, Equatable {
        case byte(UInt8)
        /// `?`: one character except a slash.
        case character
        /// `*`: any characters except slashes.
        case name
        /// `**/`, or `**` before other characters: nothing, or folders including the slash after them.
        case folders
        /// `**` at the end: any text.
        case everything
        case set(ranges: [ClosedRange<UInt32>], isNegated: Bool)
    }

    private let tokens: [Token]
    /// The minimum length of a path that can match.
    private let leastLength: Int
    /// The whole pattern if it has no wildcards, like most patterns.
    private let literal: [UInt8]?
    /// The text after a leading `**/` if that text has no wildcards.
    private let lastNames: [UInt8]?
    /// The text after a leading `**` without a slash, if that text has no special characters.
    ///
    /// Docker compares it with the end of a path, as in `**.pyc`. If the text has wildcards, it must match whole names.
    private let ending: [UInt8]?

    /// Parses a cleaned pattern; returns nil if it is malformed.
    package init?(_ pattern: [UInt8]) {
        guard let tokens = Self.parse(pattern).map(Self.shortened) else { return nil }
        self.tokens = tokens
        leastLength = tokens.count { !Self.mayBeNothing($0) && $0 != .everything }
        let rest = pattern.starts(with: "**".utf8) ? pattern.dropFirst(2) : []
        let isEnding = rest.first.map { $0 != UInt8(ascii: "/") } ?? false
        ending = isEnding && !rest.contains(where: { #"*?[]\"#.utf8.contains($0) }) ? Array(rest) : nil
        literal = Self.bytes(tokens[...])
        lastNames = tokens.first == .folders ? Self.bytes(tokens.dropFirst()) : nil
    }

    private static func bytes(_ tokens: ArraySlice<Token>) -> [UInt8]? {
        var bytes: [UInt8] = []
        for token in tokens {
            guard case .byte(let byte) = token else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    /// Returns whether the pattern matches the whole path.
    package func matches(_ path: [UInt8]) -> Bool {
        if let ending { return path.count >= ending.count && path.suffix(ending.count).elementsEqual(ending) }
        if let literal { return literal == path }
        if let lastNames {
            guard path.count > lastNames.count else { return path == lastNames }
            return path[path.count - lastNames.count - 1] == UInt8(ascii: "/")
                && path.suffix(lastNames.count).elementsEqual(lastNames)
        }
        return path.count >= leastLength && IgnoreSearch(tokens: tokens, path: path).matches()
    }

    /// Returns whether the pattern could match a path below a folder.
    func mayMatchBelow(_ folder: [UInt8]) -> Bool {
        if ending != nil { return true }
        return IgnoreSearch(tokens: tokens, path: folder + [UInt8(ascii: "/")], isPrefix: true).matches()
    }

    private static func mayBeNothing(_ token: Token) -> Bool { token == .name || token == .folders }

    /// The tokens without those that add nothing to what stands beside them, of which there could be any number.
    private static func shortened(_ tokens: [Token]) -> [Token] {
        var short: [Token] = []
        for part in tokens.split(omittingEmptySubsequences: false, whereSeparator: { !mayBeNothing($0) }) {
            let folders = part.firstIndex(of: .folders)
            if let folders, part[folders...].contains(.name) {
                // From folders into a name: that is anywhere, whatever comes before and after.
                short += [.folders, .name]
            } else if let folders {
                short += folders == part.startIndex ? [.folders] : [.name, .folders]
            } else if !part.isEmpty {
                short.append(.name)
            }
            if part.endIndex < tokens.endIndex { short.append(tokens[part.endIndex]) }
        }
        return short
    }

    private static func parse(_ pattern: [UInt8]) -> [Token]? {
        var tokens: [Token] = []
        var place = 0
        while place < pattern.count {
            let byte = pattern[place]
            place += 1
            switch byte {
            case UInt8(ascii: "*"):
                guard place < pattern.count, pattern[place] == UInt8(ascii: "*") else {
                    tokens.append(.name)
                    break
                }
                place += 1
                if place < pattern.count, pattern[place] == UInt8(ascii: "/") { place += 1 }
                tokens.append(place == pattern.count ? .everything : .folders)
            case UInt8(ascii: "?"): tokens.append(.character)
            case UInt8(ascii: "["):
                guard let set = set(pattern, at: &place) else { return nil }
                tokens.append(set)
            case UInt8(ascii: "\\"):
                guard place < pattern.count else { return nil }
                tokens.append(.byte(pattern[place]))
                place += 1
            default: tokens.append(.byte(byte))
            }
        }
        return tokens
    }

    /// Parses `[a-z]` or `[^a-z]` after the opening bracket; returns nil if it is empty or not closed.
    private static func set(_ pattern: [UInt8], at place: inout Int) -> Token? {
        let isNegated = place < pattern.count && pattern[place] == UInt8(ascii: "^")
        if isNegated { place += 1 }
        var ranges: [ClosedRange<UInt32>] = []
        while place < pattern.count {
            if pattern[place] == UInt8(ascii: "]"), !ranges.isEmpty {
                place += 1
                return .set(ranges: ranges, isNegated: isNegated)
            }
            guard let low = member(pattern, at: &place) else { return nil }
            var high = low
            if place < pattern.count, pattern[place] == UInt8(ascii: "-") {
                place += 1
                guard let end = member(pattern, at: &place) else { return nil }
                high = end
            }
            // Go accepts a reversed range, which matches nothing.
            ranges.append(low <= high ? low...high : UInt32.max...UInt32.max)
        }
        return nil
    }

    private static func member(_ pattern: [UInt8], at place: inout Int) -> UInt32? {
        guard place < pattern.count, ![UInt8(ascii: "-"), UInt8(ascii: "]")].contains(pattern[place]) else {
            return nil
        }
        if pattern[place] == UInt8(ascii: "\\") { place += 1 }
        guard place < pattern.count else { return nil }
        let (character, length) = UTF8Character.decode(pattern, at: place)
        place += length
        return character
    }
}

/// Decodes characters of names, which may not be valid UTF-8.
enum UTF8Character {
    /// Returns the character at a place and its length in bytes.
    ///
    /// A byte that does not begin a character is a character itself, with a value above Unicode's range.
    static func decode(_ bytes: [UInt8], at place: Int) -> (character: UInt32, length: Int) {
        let first = bytes[place]
        guard first >= 0x80 else { return (UInt32(first), 1) }
        var rest = bytes[place...].prefix(4).makeIterator()
        var decoder = UTF8()
        guard case .scalarValue(let scalar) = decoder.decode(&rest) else { return (0x11_0000 + UInt32(first), 1) }
        return (scalar.value, UTF8.width(scalar))
    }
}
