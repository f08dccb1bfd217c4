import ImageLayers
import Wording

/// The value of `--chmod`: octal mode bits, or symbolic changes as in chmod(1).
///
/// As in BuildKit, `=` clears set-user-ID and set-group-ID, unless it copies the bits of another class, and it keeps
/// the sticky bit.
///
/// Source: <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/chmod.html>.
enum FileModeChange: Sendable {
    /// One change such as `go-w`.
    struct Clause: Sendable {
        /// The mode bits of the affected classes, such as 0o4700 for the owner.
        let who: UInt32
        let operation: Character
        let permissions: String

        /// Whether the bits of one class are copied from another, as in `g=u`.
        var isCopy: Bool { ["u", "g", "o"].contains(permissions) }
    }

    case octal(UInt32)
    case symbolic([Clause])

    init(_ text: String) throws {
        if !text.isEmpty, text.count <= 5, let bits = UInt32(text, radix: 8), bits <= 0o7777 {
            self = .octal(bits)
            return
        }
        var clauses: [Clause] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let match = part.wholeMatch(of: #/([ugoa]*)((?:[-+=](?:[ugo]|[rwxXst]*))+)/#) else {
                throw Failure("use --chmod=\(text)", "it is neither an octal number nor changes, as in u=rwX,go-w")
            }
            let who = match.1.isEmpty || match.1.contains("a") ? "ugo" : String(match.1)
            let bits = who.reduce(UInt32(0)) { $0 | (["u": 0o4700, "g": 0o2070, "o": 0o0007][$1] ?? 0) }
            for change in match.2.matches(of: #/([-+=])([ugo]|[rwxXst]*)/#) {
                clauses.append(
                    Clause(who: bits, operation: change.1.first ?? "=", permissions: String(change.2)))
            }
        }
        self = .symbolic(clauses)
    }

    /// Returns the new mode of a file or folder.
    func applied(to mode: UInt32, isFolder: Bool) -> UInt32 {
        switch self {
        case .octal(let bits): return bits
        case .symbolic(let clauses):
            let isExecutable = isFolder || mode & 0o111 != 0
            return clauses.reduce(mode) { mode, clause in
                let bits = Self.bits(clause, mode, isExecutable)
                return switch clause.operation {
                case "+": mode | bits
                case "-": mode & ~bits
                default: mode & ~(clause.isCopy ? clause.who & 0o777 : clause.who) | bits
                }
            }
        }
    }

    private static func bits(_ clause: Clause, _ mode: UInt32, _ isExecutable: Bool) -> UInt32 {
        var bits: UInt32 = 0
        for permission in clause.permissions {
            switch permission {
            case "r": bits |= 0o444 & clause.who
            case "w": bits |= 0o222 & clause.who
            case "x": bits |= 0o111 & clause.who
            case "X": if isExecutable { bits |= 0o111 & clause.who }
            case "s": bits |= 0o6000 & clause.who
            // These copy the bits of another class.
            case "u": bits |= (mode >> 6 & 7) * 0o111 & clause.who
            case "g": bits |= (mode >> 3 & 7) * 0o111 & clause.who
            case "o": bits |= (mode & 7) * 0o111 & clause.who
            default: if clause.who & ~0o007 != 0 { bits |= 0o1000 }
            }
        }
        return bits
    }
}
