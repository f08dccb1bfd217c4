private import CLinux
private import SystemPackage

/// Standard input, read without a buffer that would consume more than requested.
package enum StandardInput {
    /// Reads to the end of the input, which it waits for.
    ///
    /// It does not open `/dev/stdin`, which would open the same pipe again and not wait for a late writer.
    package static func readAll(limit: Int = 64 << 20) throws(POSIXError) -> [UInt8] {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = retrying { read(STDIN_FILENO, &chunk, chunk.count) }
            guard count >= 0 else { throw .last("read", "standard input") }
            if count == 0 { return content }
            guard content.count + count <= limit else { throw POSIXError("read", "standard input", .fileTooLarge) }
            content += chunk[..<count]
        }
    }

    /// Reads the next line without its line break; nil at the end of input.
    package static func readLine(limit: Int) throws(POSIXError) -> String? {
        var line: [UInt8] = []
        while true {
            var byte: UInt8 = 0
            let count = retrying { read(STDIN_FILENO, &byte, 1) }
            guard count >= 0 else { throw .last("read", "standard input") }
            if count == 0 { return line.isEmpty ? nil : String(decoding: line, as: UTF8.self) }
            if byte == UInt8(ascii: "\n") { break }
            guard line.count < limit else { throw POSIXError("read", "standard input", .fileTooLarge) }
            line.append(byte)
        }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return String(decoding: line, as: UTF8.self)
    }
}
