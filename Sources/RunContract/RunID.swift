package import Timestamps

/// The name of a run: `<name>-YYYYMMDD-HHMMSS-xxxx`, which is also its folder in the bucket.
package struct RunID: Sendable, Hashable, CustomStringConvertible {
    /// The whole name.
    package let description: String

    /// Takes a name from outside: letters, digits, `-`, `_` and `.`, at most 128, so that it is safe in keys and paths.
    package init(_ text: String) throws(ContractError) {
        let allowed = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.".utf8)
        guard (1...128).contains(text.utf8.count), text.utf8.allSatisfy({ allowed.contains($0) }), text.first != "."
        else { throw ContractError("read run id '\(text)'", "it must be 1 to 128 letters, digits, '-', '_' and '.'") }
        description = text
    }

    /// A new name; `random` are two random bytes.
    package init(name: String, at moment: Timestamp, random: UInt16) throws(ContractError) {
        let hex = String(random, radix: 16)
        try self.init("\(name)-\(moment.compact)-\(String(repeating: "0", count: 4 - hex.count))\(hex)")
    }
}
