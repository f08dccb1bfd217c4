import Archive
import ImageLayers
import Wording

/// Patterns in the sources of COPY and ADD, which follow Go's rules: <https://pkg.go.dev/path/filepath#Match>.
extension TransferSource {
    /// Returns the file at a source path, or all files that match it as a pattern, in the order of paths.
    ///
    /// Each comes with the path that matched, which can differ from the path of the file if there are symbolic links.
    func matches(_ text: String) throws -> [(node: Node, asked: [UInt8])] {
        let path = ContainerPath.joined(ContainerPath.names(Array(text.utf8)))
        guard Self.isPattern(path) else {
            guard let node = try find(path), try !isKeptOut(node, asked: path) else { return [] }
            return [(node, path)]
        }
        var found: [(Node, [UInt8])] = []
        let names = path.split(separator: ContainerPath.slash)
        let start = names.firstIndex { Self.isPattern(Array($0)) } ?? 0
        guard let folder = try find(ContainerPath.joined(names[..<start])) else { return [] }
        try match(names[start...], in: folder, text, into: &found)
        return found
    }

    /// Returns whether a path contains a character that is special in patterns.
    static func isPattern(_ path: [UInt8]) -> Bool { path.contains { #"*?[\"#.utf8.contains($0) } }

    private func match(
        _ names: ArraySlice<ArraySlice<UInt8>>, in folder: Node, _ text: String,
        into found: inout [(Node, [UInt8])]
    ) throws {
        guard let name = names.first, folder.header?.kind == .directory else { return }
        guard let pattern = IgnorePattern(Array(name)) else {
            throw Failure("use the pattern '\(text)'", "it is malformed")
        }
        for child in try children(of: folder) where pattern.matches(Array(child.lastName)) {
            if names.count > 1 {
                try match(names.dropFirst(), in: child, text, into: &found)
            } else if try !isKeptOut(child, asked: child.path) {
                guard let end = try find(child.path) else {
                    throw Failure(
                        "copy \(ContainerPath.text(child.path)), which fits '\(text)'",
                        "it is a link that leads nowhere")
                }
                guard try !isKeptOut(end, asked: child.path) else {
                    throw Failure(
                        "copy \(ContainerPath.text(child.path)), which fits '\(text)'",
                        "it is a link to what the .dockerignore keeps out")
                }
                found.append((end, child.path))
            }
        }
    }

    private func isKeptOut(_ node: Node, asked: [UInt8]) throws -> Bool {
        guard let rules, !node.path.isEmpty else { return false }
        func isOut(_ path: [UInt8]) -> Bool { !path.isEmpty && rules.excludes(path) }
        guard isOut(node.path) || isOut(asked) else { return false }
        return node.header?.kind != .directory || !rules.mayIncludeBelow(node.path)
    }
}
