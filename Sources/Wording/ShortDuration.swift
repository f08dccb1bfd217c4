/// A duration as people type it: a whole number and one unit, as in `90s`, `20m`, `8h` or `7d`.
package enum ShortDuration {
    private static let units: [UInt8: Int] = [
        UInt8(ascii: "s"): 1, UInt8(ascii: "m"): 60, UInt8(ascii: "h"): 3600, UInt8(ascii: "d"): 86_400,
    ]

    /// Nobody means more of a unit; whoever types it has mistyped.
    private static let most = 1_000_000

    /// Returns the duration in seconds; nil for another form, and for more than a million of the unit.
    package static func seconds(_ text: String) -> Int? {
        let digits = text.utf8.dropLast()
        guard let unit = text.utf8.last.flatMap({ units[$0] }), !digits.isEmpty,
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let count = Int(String(decoding: digits, as: UTF8.self)), count <= most
        else { return nil }
        return count * unit
    }
}
