import ByteText

/// Decoding numbers, flags, durations, sizes and modes from text.
extension YAMLValue {
    /// The largest number that the entrypoint counts with; it converts seconds to nanoseconds.
    private static let most = 1_000_000_000

    /// Returns a whole number in decimal digits.
    package func whole(atLeast minimum: Int = 0) throws(DefinitionError) -> Int {
        let expected = minimum > 0 ? "a whole number of at least \(minimum)" : "a whole number"
        let text = try text(expected)
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text), number >= minimum else {
            throw mismatch(expected)
        }
        guard number <= Self.most else { throw mismatch("a whole number of at most \(Self.most)") }
        return number
    }

    /// Returns a flag; only `true` and `false` are accepted, not YAML's other words for them.
    package func flag() throws(DefinitionError) -> Bool {
        switch try text("true or false") {
        case "true": return true
        case "false": return false
        default: throw mismatch("true or false")
        }
    }

    /// Returns an amount of US dollars, such as `150` or `0.5`.
    func amount() throws(DefinitionError) -> Double {
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
    func duration() throws(DefinitionError) -> Int {
        let expected = "a duration, as in 90s, 20m or 8h,"
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600]
        let text = try text(expected)
        guard let number = Int(text.dropLast()), number >= 0, text.first?.isNumber == true,
            let unit = text.last.flatMap({ units[$0] }), number <= 1_000_000
        else { throw mismatch(expected) }
        guard number * unit <= Self.most else { throw mismatch("a duration of at most \(Self.most / 3600)h") }
        return number * unit
    }

    /// Returns bytes, from `512MiB`.
    func size() throws(DefinitionError) -> Int64 {
        let expected = "a size, as in 512MiB,"
        let units: [Substring: Int64] = ["B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40]
        guard let match = try text(expected).wholeMatch(of: #/(\d{1,6})([A-Za-z]+)/#),
            let number = Int64(match.1), let unit = units[match.2]
        else { throw mismatch(expected) }
        return number * unit
    }

    /// Returns permission bits, from octal text such as `0755`.
    func mode() throws(DefinitionError) -> UInt32 {
        let expected = "a mode in octal, as in 0755,"
        let text = try text(expected)
        guard text.wholeMatch(of: #/[0-7]{3,5}/#) != nil, let mode = UInt32(text, radix: 8), mode <= 0o7777 else {
            throw mismatch(expected)
        }
        return mode
    }

    /// Returns user ID and group ID, from `1000:1000`.
    func owner() throws(DefinitionError) -> FileOwner {
        guard let match = try text().wholeMatch(of: #/(\d+):(\d+)/#), let user = UInt32(match.1),
            let group = UInt32(match.2)
        else { throw mismatch("a user's and a group's number, as in 0:0,") }
        return FileOwner(user: user, group: group)
    }

    /// Returns an absolute path without `.` and `..`.
    func absolutePath() throws(DefinitionError) -> String {
        let text = try text("an absolute path")
        let components = text.split(byte: "/")
        guard text.hasPrefix(bytes: "/"), !components.contains("."), !components.contains("..") else {
            throw mismatch("an absolute path")
        }
        return "/" + components.joined(separator: "/")
    }
}
