import ByteText
import Wording

/// Decoding numbers, flags, durations, sizes and modes from text.
extension YAMLValue {
    /// The largest number that the entrypoint counts with; it converts seconds to nanoseconds.
    private static let most = 1_000_000_000

    /// Returns a whole number in decimal digits.
    package func whole(atLeast minimum: Int = 0) throws -> Int {
        let expected = minimum > 0 ? "a whole number of at least \(minimum)" : "a whole number"
        let text = try text(expected)
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text), number >= minimum else {
            throw mismatch(expected)
        }
        guard number <= Self.most else { throw mismatch("a whole number of at most \(Self.most)") }
        return number
    }

    /// Returns a flag; only `true` and `false` are accepted, not YAML's other words for them.
    package func flag() throws -> Bool {
        switch try text("true or false") {
        case "true": return true
        case "false": return false
        default: throw mismatch("true or false")
        }
    }

    /// Returns an amount of US dollars, such as `150` or `0.5`.
    func amount() throws -> Double {
        let text = try text("a sum of dollars")
        guard text.wholeMatch(of: #/\d+(\.\d+)?/#) != nil, let amount = Double(text) else {
            throw mismatch("a sum of dollars, as in 150 or 0.5,")
        }
        // Others would be written as 1e+20 or 1e-08, and not be read again.
        guard amount == 0 || (0.001...Double(Self.most)).contains(amount) else {
            throw mismatch("a sum from 0.001 to \(Self.most) dollars")
        }
        return amount
    }

    /// Returns seconds, from `90s`, `20m` or `8h`.
    func duration() throws -> Int {
        let expected = "a duration, as in 90s, 20m or 8h,"
        let text = try text(expected)
        guard text.utf8.last != UInt8(ascii: "d"), let seconds = ShortDuration.seconds(text) else {
            throw mismatch(expected)
        }
        guard seconds <= Self.most else { throw mismatch("a duration of at most \(Self.most / 3600)h") }
        return seconds
    }

    /// Returns bytes, from `512MiB`.
    func size() throws -> Int64 {
        let expected = "a size, as in 512MiB,"
        guard let size = ByteCount(parsing: try text(expected)) else { throw mismatch(expected) }
        return size.bytes
    }

    /// Returns permission bits, from octal text such as `0755`.
    func mode() throws -> UInt32 {
        let expected = "a mode in octal, as in 0755,"
        let text = try text(expected)
        guard text.wholeMatch(of: #/[0-7]{3,5}/#) != nil, let mode = UInt32(text, radix: 8), mode <= 0o7777 else {
            throw mismatch(expected)
        }
        return mode
    }

    /// Returns user ID and group ID, from `1000:1000`.
    func owner() throws -> FileOwner {
        guard let match = try text().wholeMatch(of: #/(\d+):(\d+)/#), let user = UInt32(match.1),
            let group = UInt32(match.2)
        else { throw mismatch("a user's and a group's number, as in 0:0,") }
        return FileOwner(user: user, group: group)
    }

    /// Returns an absolute path without `.` and `..`.
    func absolutePath() throws -> String {
        let text = try text("an absolute path")
        let components = text.split(byte: "/")
        guard text.hasPrefix(bytes: "/"), !components.contains("."), !components.contains("..") else {
            throw mismatch("an absolute path")
        }
        return "/" + components.joined(separator: "/")
    }
}
