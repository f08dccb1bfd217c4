/// The way from the root of a document to a value: `layers[0].debian.suite`.
///
/// Each knows the one above it, so that the values below a long key do not hold the key once each.
indirect enum YAMLPath: Sendable, Hashable {
    case root
    /// What was written as one text, as on the command line.
    case text(String)
    case key(String, in: YAMLPath)
    case element(Int, in: YAMLPath)

    /// As messages show it.
    var text: String {
        var pieces: [String] = []
        var rest = self
        while true {
            switch rest {
            case .root: return pieces.reversed().joined()
            case .text(let text): return text + pieces.reversed().joined()
            case .key(let name, let above):
                if case .root = above { pieces.append(name) } else { pieces.append(".\(name)") }
                rest = above
            case .element(let index, let above):
                pieces.append("[\(index)]")
                rest = above
            }
        }
    }
}
