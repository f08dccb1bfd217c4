/// Which images run on which machines.
///
/// Source: <https://github.com/opencontainers/image-spec/blob/main/image-index.md#platform-variants>.
extension Platform {
    /// True where an image of this platform runs on `machine`.
    package func matches(_ machine: Platform) -> Bool { distance(from: machine) != nil }

    /// How far an image of this platform is from the best that `machine` can run; nil where it does not run there.
    ///
    /// A processor runs what was made for its forerunners. A machine that names no variant is the ordinary one of its
    /// architecture, and takes a newer one's image only where there is nothing else.
    func distance(from machine: Platform) -> Int? {
        guard os == machine.os, architecture == machine.architecture else { return nil }
        if variant == machine.variant { return 0 }
        guard let own = generation, let theirs = machine.generation else {
            return variant == nil || machine.variant == nil ? 1 : nil
        }
        if own <= theirs { return theirs - own }
        return machine.variant == nil ? 1000 + own - theirs : nil
    }

    /// The place of the variant in its architecture's history; nil where that has no order that we know.
    private var generation: Int? {
        // Of three digits at most: whoever writes an index could write any, and they are reckoned with.
        func number(_ text: some StringProtocol) -> Int? {
            text.utf8.count <= 3 && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
        }
        switch architecture {
        case "amd64": return number((variant ?? "v1").dropFirst())
        case "arm": return number((variant ?? "v7").dropFirst())
        case "arm64":
            // v9.0 has what v8.5 has. https://developer.arm.com/documentation/102378/0201/Armv8-x-and-Armv9-x-extensions-and-features
            let parts = (variant ?? "v8").dropFirst().split(separator: ".", maxSplits: 1)
            guard let major = parts.first.flatMap({ number($0) }), let minor = parts.count == 2 ? number(parts[1]) : 0
            else { return nil }
            return major <= 8 ? minor : 5 * (major - 8) + minor
        default: return nil
        }
    }
}
