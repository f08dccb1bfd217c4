import ByteText
private import POSIX
import SystemPackage
import Wording

/// A dotenv file: lines of `NAME=value`, with an optional `export` and with quotes around values that need them.
///
/// Variables in values are not expanded. Errors never contain a value, since it may be secret.
struct EnvironmentFile {
    let variables: [String: String]

    init(reading path: FilePath) throws {
        let bytes: [UInt8]
        let mode: UInt32
        do throws(POSIXError) {
            mode = try FileStatus(path, followingLinks: true).mode
            bytes = try FileSystem.read(path, limit: 1 << 20)
        } catch { throw Failure(reading: path.string, error.errno.description) }
        guard mode & 0o077 == 0 else {
            throw Failure(reading: path.string, "others than its owner may read or change it; type: chmod 600 \(path)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(reading: path.string, "it is not UTF-8")
        }
        try self.init(parsing: text, file: path.string)
    }

    init(parsing text: String, file: String) throws {
        var variables: [String: String] = [:]
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            guard let (name, value) = try Self.variable(line, place: "\(file):\(index + 1)") else { continue }
            variables[name] = value
        }
        self.variables = variables
    }

    private static func variable(_ line: Substring, place: String) throws -> (name: String, value: String)? {
        var line = trimmed(line)
        if line.isEmpty || line.hasPrefix(bytes: "#") { return nil }
        if let rest = line.dropping(bytes: "export ") { line = trimmed(rest) }
        guard let equals = line.firstIndex(byte: "="), EnvironmentSyntax.isName(String(line[..<equals])) else {
            throw Failure(reading: place, "the line is not NAME=value")
        }
        let value = trimmed(line[line.utf8.index(after: equals)...])
        return (String(line[..<equals]), try unquoted(value, place: place))
    }

    private static func unquoted(_ value: Substring, place: String) throws -> String {
        guard let quote = value.first, quote == "\"" || quote == "'" else {
            return String(trimmed(value.firstRange(of: " #").map { value[..<$0.lowerBound] } ?? value))
        }
        var text = ""
        var rest = value.dropFirst()
        while let character = rest.popFirst() {
            if character == quote {
                rest = trimmed(rest)
                guard rest.isEmpty || rest.hasPrefix(bytes: "#") else { break }
                return text
            }
            if character == "\\", quote == "\"", let next = rest.popFirst() {
                text.append(next == "n" ? "\n" : next)
            } else {
                text.append(character)
            }
        }
        throw Failure(reading: place, "the quotes around the value do not match")
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let start = text.drop(while: \.isWhitespace)
        let end = start.lastIndex { !$0.isWhitespace }
        return end.map { start[...$0] } ?? ""
    }
}
