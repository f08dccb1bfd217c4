/// Which images run on which platforms.
///
/// Source: <https://github.com/opencontainers/image-spec/blob/main/image-index.md#platform-variants>.
extension Platform {
    /// Returns whether an image of this platform runs on `machine`.
    package func matches(_ machine: Platform) -> Bool { distance(from: machine) != nil }

    /// Returns the distance of this platform from the best one that `machine` can run; nil if it does not run there.
    ///
    /// A processor runs images for older variants. A machine without a variant counts as the ordinary one of its
    /// architecture; it takes an image for a newer variant only if there is no other.
    func distance(from machine: Platform) -> Int? {
        guard os == machine.os, architecture == machine.architecture else { return nil }
        if variant == machine.variant { return 0 }
        guard let own = generation, let theirs = machine.generation else {
            return variant == nil || machine.variant == nil ? 1 : nil
        }
        if own <= theirs { return theirs - own }
        return machine.variant == nil ? 1000 + own - theirs : nil
    }

    /// The variant's position among the versions of its architecture; nil if their order is unknown.
    private var generation: Int? {
        // Of three digits at most: whoever writes an index could write any, and they are reckoned with.
        func number(_ text: some StringProtocol) -> Int? {
            text.utf8.count <= 3 && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
        }
        switch architecture {
        case "amd64": return number((variant ?? "v1").dropFirst())
        case "arm": return number((variant ?? "v7").dropFirst())
        case "arm64":
            // v9.0 includes the features of v8.5.
            // https://developer.arm.com/documentation/102378/0201/Armv8-x-and-Armv9-x-extensions-and-features
            let parts = (variant ?? "v8").dropFirst().split(separator: ".", maxSplits: 1)
            guard let major = parts.first.flatMap({ number($0) }), let minor = parts.count == 2 ? number(parts[1]) : 0
            else { return nil }
            return major <= 8 ? minor : 5 * (major - 8) + minor
        default: return nil
        }
    }
}
