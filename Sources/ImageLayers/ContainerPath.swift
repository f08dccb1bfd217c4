import ByteText

/// Paths in an image, as bytes: relative to the root, without slashes at either end.
package enum ContainerPath {
    package static let slash = UInt8(ascii: "/")

    /// Returns the names in a path, without `.` and empty ones; `..` goes up, at most to the root.
    package static func names(_ path: [UInt8]) -> [ArraySlice<UInt8>] {
        var names: [ArraySlice<UInt8>] = []
        for name in path.split(separator: slash) where name != [UInt8(ascii: ".")] {
            if name == Array("..".utf8)[...] { _ = names.popLast() } else { names.append(name) }
        }
        return names
    }

    package static func joined(_ names: some Collection<ArraySlice<UInt8>>) -> [UInt8] {
        Array(names.joined(separator: [slash]))
    }

    package static func appending(_ name: some Collection<UInt8>, to folder: [UInt8]) -> [UInt8] {
        folder.isEmpty ? Array(name) : folder + [slash] + name
    }

    /// Returns the parent folder; the root's is the root.
    package static func parent(of path: [UInt8]) -> [UInt8] {
        path.lastIndex(of: slash).map { Array(path[..<$0]) } ?? []
    }

    /// Returns the last name in a path, empty for the root.
    package static func lastName(of path: [UInt8]) -> ArraySlice<UInt8> {
        path[(path.lastIndex(of: slash).map { $0 + 1 } ?? 0)...]
    }

    /// Makes a path absolute, relative to a folder; a slash at the end is kept.
    package static func absolute(_ path: String, in folder: String) -> String {
        let whole = path.hasPrefix(bytes: "/") ? path : "\(folder)/\(path)"
        let clean = "/" + String(decoding: joined(names(Array(whole.utf8))), as: UTF8.self)
        let isFolder = ["/", "/.", "/.."].contains { whole.hasSuffix(bytes: $0) } || path.isEmpty
        return isFolder && clean != "/" ? clean + "/" : clean
    }

    /// Returns the path with a leading slash, for messages.
    package static func text(_ path: [UInt8]) -> String { "/" + String(decoding: path, as: UTF8.self) }
}
