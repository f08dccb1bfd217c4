import Archive
package import ImageStore
import Timestamps
import Wording

/// A file in the format of `ls -l`, with its whole path.
package struct FileLine: Sendable, CustomStringConvertible {
    package let description: String

    /// Formats a file; `name` is the part of its path to print.
    package init(_ file: ImageFile, name: some Sequence<UInt8>) {
        let owner = "\(file.user):\(file.group)"
        let size = file.device.map { "\($0.major),\($0.minor)" } ?? "\(file.size)"
        let space = String(repeating: " ", count: max(1, 24 - owner.count - size.count))
        let target = file.kind == .symbolicLink ? " -> \(QuotedName(file.target))" : ""
        description =
            "\(Self.mode(file)) \(owner)\(space)\(size) \(Timestamp(seconds: Int(file.modified)).rfc3339) "
            + "\(QuotedName(name))\(target)"
    }

    private static func mode(_ file: ImageFile) -> String {
        let type =
            switch file.kind {
            case .directory: "d"
            case .symbolicLink: "l"
            case .characterDevice: "c"
            case .blockDevice: "b"
            case .fifo: "p"
            case .regular, .hardLink: "-"
            }
        let classes: [(shift: UInt32, special: UInt32, letters: String)] = [
            (6, 0o4000, "sS"), (3, 0o2000, "sS"), (0, 0o1000, "tT"),
        ]
        let bits = classes.map { shift, special, letters in
            let bits = file.mode >> shift
            let runs = bits & 1 != 0
            let last = file.mode & special != 0 ? String(letters.prefix(runs ? 1 : 2).suffix(1)) : runs ? "x" : "-"
            return (bits & 4 != 0 ? "r" : "-") + (bits & 2 != 0 ? "w" : "-") + last
        }
        return type + bits.joined()
    }
}
