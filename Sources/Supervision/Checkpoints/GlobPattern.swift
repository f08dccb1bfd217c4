import POSIX
import SystemPackage

/// A path with `*`, `?` and `**` below a folder; what lies below a folder that it matches is meant too.
struct GlobPattern {
    private let components: [String]

    init(_ text: String) { components = text.split(separator: "/").filter { $0 != "." }.map(String.init) }

    /// True where the pattern leaves its folder.
    var escapes: Bool { components.contains("..") }

    func matches(_ path: String) -> Bool {
        let parts = path.split(separator: "/").map(String.init)
        return (1...max(1, parts.count)).contains { Self.matches(components[...], parts.prefix($0)) }
    }

    private static func matches(_ pattern: ArraySlice<String>, _ path: ArraySlice<String>) -> Bool {
        guard let first = pattern.first else { return path.isEmpty }
        if first == "**" {
            return (0...path.count).contains { matches(pattern.dropFirst(), path.dropFirst($0)) }
        }
        guard let name = path.first, matches(Array(first.utf8)[...], Array(name.utf8)[...]) else { return false }
        return matches(pattern.dropFirst(), path.dropFirst())
    }

    /// One name against one component, as in a shell.
    private static func matches(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        switch first {
        case UInt8(ascii: "*"):
            return (0...name.count).contains { matches(pattern.dropFirst(), name.dropFirst($0)) }
        case UInt8(ascii: "?"): return !name.isEmpty && matches(pattern.dropFirst(), name.dropFirst())
        default: return name.first == first && matches(pattern.dropFirst(), name.dropFirst())
        }
    }

    /// Every file below `folder` that the pattern means, by its path below `folder`.
    func files(below folder: FilePath) -> [String: FilePath] {
        // Only what stands below the part without wildcards is walked: a data folder may hold a whole dataset.
        let fixed = components.prefix { !$0.contains("*") && !$0.contains("?") }
        let base = fixed.joined(separator: "/")
        let start = folder.appending(base)
        if let status = try? FileStatus(start), status.kind == .regular { return [base: start] }
        var found: [String: FilePath] = [:]
        for path in FolderScan.files(below: start).keys {
            let whole = base.isEmpty ? path : base + "/" + path
            if matches(whole) { found[whole] = folder.appending(whole) }
        }
        return found
    }
}
