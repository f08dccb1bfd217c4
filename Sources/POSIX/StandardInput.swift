private import CLinux
private import SystemPackage

/// Standard input, read without a buffer that would keep more than was asked for.
public enum StandardInput {
    /// The next line without its end, nil at the end of input.
    public static func readLine(limit: Int) throws(POSIXError) -> String? {
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
