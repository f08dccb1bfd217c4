import Archive
import Timestamps

/// The names in the layers read so far, and the rules for each new name.
///
/// Source: <https://github.com/opencontainers/image-spec/blob/main/layer.md>.
struct LayerNames {
    private static let slash = UInt8(ascii: "/")
    private static let whiteout = Array(".wh.".utf8)
    /// Linux's limit of a path in bytes.
    ///
    /// <https://man7.org/linux/man-pages/man7/path_resolution.7.html>
    private static let longestPath = 4095
    private static let longestName = 255

    /// The latest plausible modification time.
    ///
    /// A clock may be wrong by hours. A day is a mistake, which makes tools such as make rebuild everything.
    private let tomorrow = Int64(Timestamp.now().seconds + 86_400)
    /// The names in the current layer.
    private var current: Set<[UInt8]> = []
    private var parents: Set<[UInt8]> = []
    private var lastParent: [UInt8] = []
    /// The names in all layers below it.
    private var below: Set<[UInt8]> = []

    /// Starts a layer, and discards what remains of a layer whose reading failed.
    mutating func beginLayer() {
        current = []
        parents = []
        lastParent = []
    }

    mutating func note(_ entry: ArchiveEntry, _ thing: String, _ findings: inout Findings) {
        if entry.path.isEmpty { return findings.entry(.problem, thing, [], "an entry has no name") }
        if entry.path.first == Self.slash { findings.entry(.problem, thing, entry.path, "the name is absolute") }
        let names = entry.path.split(separator: Self.slash).filter { $0 != [UInt8(ascii: ".")] }
        if names.contains(Array("..".utf8)[...]) {
            findings.entry(.problem, thing, entry.path, "the name has '..' in it")
        }
        if entry.path.count > Self.longestPath || names.contains(where: { $0.count > Self.longestName }) {
            findings.entry(.problem, thing, entry.path, "the name is longer than Linux allows")
        }
        let path = Array(names.joined(separator: [Self.slash]))
        if !current.insert(path).inserted, !path.isEmpty {
            findings.entry(.problem, thing, entry.path, "the name is there twice")
        }
        if let name = names.last, name.starts(with: Self.whiteout) {
            noteWhiteout(entry, name, thing, &findings)
        } else if entry.kind == .hardLink {
            noteLink(entry, thing, &findings)
        }
        noteParent(Array(names.dropLast().joined(separator: [Self.slash])))
        noteNumbers(entry, thing, &findings)
    }

    mutating func finishLayer(_ thing: String, _ findings: inout Findings) {
        let missing = parents.filter { !current.contains($0) && !below.contains($0) }
        for parent in missing.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            findings.entry(.warning, thing, parent, "the folder has no entry, so that unpackers invent its mode")
        }
        below.formUnion(current)
    }

    private func noteWhiteout(
        _ entry: ArchiveEntry, _ name: ArraySlice<UInt8>, _ thing: String, _ findings: inout Findings
    ) {
        let removed = name.dropFirst(Self.whiteout.count)
        if removed.isEmpty || removed == [UInt8(ascii: ".")] || removed == Array("..".utf8)[...] {
            findings.entry(.problem, thing, entry.path, "the whiteout does not name what it removes")
        } else if entry.kind != .regular || entry.size > 0 {
            findings.entry(.problem, thing, entry.path, "a whiteout must be an empty file")
        } else if removed.starts(with: Self.whiteout), removed != Array(".wh..opq".utf8)[...] {
            findings.entry(.warning, thing, entry.path, "the name is AUFS's own, which no layer needs")
        }
    }

    private func noteLink(_ entry: ArchiveEntry, _ thing: String, _ findings: inout Findings) {
        let names = entry.target.split(separator: Self.slash).filter { $0 != [UInt8(ascii: ".")] }
        let target = Array(names.joined(separator: [Self.slash]))
        if names.contains(Array("..".utf8)[...]) {
            findings.entry(.problem, thing, entry.path, "the hard link's target has '..' in it")
        } else if !current.contains(target) && !below.contains(target) {
            findings.entry(.problem, thing, entry.path, "the hard link's target is not before it")
        }
    }

    /// Records a parent folder; whether it has an entry is only known at the end of the layer.
    private mutating func noteParent(_ parent: [UInt8]) {
        guard !parent.isEmpty, parent != lastParent else { return }
        lastParent = parent
        if !current.contains(parent), !below.contains(parent) { parents.insert(parent) }
    }

    private func noteNumbers(_ entry: ArchiveEntry, _ thing: String, _ findings: inout Findings) {
        let numbers = 0...Int64(UInt32.max)
        if !numbers.contains(entry.user) || !numbers.contains(entry.group) {
            findings.entry(.problem, thing, entry.path, "its owner \(entry.user):\(entry.group) is nobody on Linux")
        }
        if entry.modified > tomorrow { findings.entry(.warning, thing, entry.path, "its time lies in the future") }
    }
}
