package import Timestamps
import Wording

/// The ID of a run: `<name>-YYYYMMDD-HHMMSS-xxxx`, which is also its folder in the bucket.
package struct RunID: Sendable, Hashable, CustomStringConvertible {
    /// The complete ID.
    package let description: String

    /// Reads an ID from outside.
    ///
    /// Allows 1 to 128 letters, digits, `-`, `_` and `.`, without a leading `.`, so that the ID is safe in keys and
    /// paths.
    package init(_ text: String) throws {
        let allowed = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.".utf8)
        guard (1...128).contains(text.utf8.count), text.utf8.allSatisfy({ allowed.contains($0) }), text.first != "."
        else { throw Failure("read run id '\(text)'", "it must be 1 to 128 letters, digits, '-', '_' and '.'") }
        description = text
    }

    /// Creates a new ID; `random` contains two random bytes.
    package init(name: String, at moment: Timestamp, random: UInt16) throws {
        let hex = String(random, radix: 16)
        try self.init("\(name)-\(moment.compact)-\(String(repeating: "0", count: 4 - hex.count))\(hex)")
    }
}
