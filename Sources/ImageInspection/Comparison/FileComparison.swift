import Archive
import Hashing
import ImageStore

/// Compares the files of two images by walking both trees in parallel.
struct FileComparison {
    let ignoringTimes: Bool
    private var differences: [ImageComparison.Difference] = []
    /// Pairs of files of equal size, whose bytes must be compared; `place` is their index in `differences`.
    private var undecided: [(old: ImageFile, new: ImageFile, place: Int)] = []

    init(ignoringTimes: Bool) { self.ignoringTimes = ignoringTimes }

    mutating func compare(_ old: ImageFile, _ new: ImageFile) {
        // Iterative: folders may be nested as deep as a path is long.
        var pairs: [(ImageFile?, ImageFile?)] = [(old, new)]
        while let (old, new) = pairs.popLast() {
            if let old, let new { note(old, new) } else { note(old, or: new) }
            pairs.append(contentsOf: Self.pair(old?.children ?? [], new?.children ?? []).reversed())
        }
    }

    /// Pairs the files of two folders by name.
    private static func pair(_ old: [ImageFile], _ new: [ImageFile]) -> [(ImageFile?, ImageFile?)] {
        var pairs: [(ImageFile?, ImageFile?)] = []
        var left = old[...]
        var right = new[...]
        while let first = left.first, let second = right.first {
            if first.name == second.name {
                pairs.append((first, second))
                (left, right) = (left.dropFirst(), right.dropFirst())
            } else if first.name.lexicographicallyPrecedes(second.name) {
                pairs.append((first, nil))
                left = left.dropFirst()
            } else {
                pairs.append((nil, second))
                right = right.dropFirst()
            }
        }
        return pairs + left.map { ($0, nil) } + right.map { (nil, $0) }
    }

    private mutating func note(_ old: ImageFile?, or new: ImageFile?) {
        differences.append(.init(kind: old == nil ? .added : .removed, old: old, new: new, aspects: []))
    }

    private mutating func note(_ old: ImageFile, _ new: ImageFile) {
        var aspects: [ImageComparison.Aspect] = []
        if old.kind != new.kind {
            aspects.append(.kind)
        } else if old.size != new.size {
            aspects.append(.content)
        } else if old.target != new.target {
            aspects.append(.target)
        } else if old.device != new.device {
            aspects.append(.device)
        }
        if old.mode != new.mode { aspects.append(.mode) }
        if (old.user, old.group) != (new.user, new.group) { aspects.append(.owner) }
        if !ignoringTimes, old.modified != new.modified { aspects.append(.time) }
        if old.extendedAttributes != new.extendedAttributes { aspects.append(.attributes) }
        if old.kind == .regular, new.kind == .regular, old.size == new.size, old.size > 0, !Self.areOne(old, new) {
            undecided.append((old, new, differences.count))
        } else if aspects.isEmpty {
            return
        }
        differences.append(.init(kind: .changed, old: old, new: new, aspects: aspects))
    }

    /// Returns whether both files come from the same entry of the same layer.
    private static func areOne(_ old: ImageFile, _ new: ImageFile) -> Bool {
        guard let left = old.layerEntry, let right = new.layerEntry else { return false }
        return left == right
    }

    consuming func finish(_ old: ImageContents, _ new: ImageContents) throws -> [ImageComparison.Difference] {
        let before = try Self.hashes(of: undecided.map(\.old), in: old)
        let after = try Self.hashes(of: undecided.map(\.new), in: new)
        for pair in undecided {
            guard let left = pair.old.identity, let right = pair.new.identity, before[left] != after[right] else {
                continue
            }
            differences[pair.place].aspects.insert(.content, at: 0)
        }
        return differences.filter { $0.kind != .changed || !$0.aspects.isEmpty }
    }

    private static func hashes(
        of files: [ImageFile], in contents: ImageContents
    ) throws -> [ImageFile.Identity: [UInt8]] {
        var hashes: [ImageFile.Identity: [UInt8]] = [:]
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        try contents.read(files) { (file, read) in
            var hash = SHA256()
            while true {
                let count = try read(buffer)
                if count == 0 { break }
                hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
            if let identity = file.identity { hashes[identity] = hash.finish() }
        }
        return hashes
    }
}
