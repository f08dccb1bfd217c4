import POSIX
import SystemPackage

/// Something that reads what others wrote, and what is tried on it.
struct FuzzedParser: Sendable {
    let name: String
    /// What is changed at first.
    let seeds: @Sendable () -> [[UInt8]]
    /// What changes put in.
    let words: [String]
    /// Reads an input; traps where something is wrong.
    let run: @Sendable ([UInt8]) -> Void

    static let all: [FuzzedParser] = [.yaml, .dockerfile, .dockerignore, .json, .xml, .tar, .headers, .references]

    /// Writes the seeds into a folder of that name, and the words into a dictionary beside it.
    ///
    /// Source of its form: <https://llvm.org/docs/LibFuzzer.html#dictionaries>.
    func writeSeeds(to folder: String) throws(POSIXError) {
        let path = FilePath(folder)
        try FileSystem.makeFolder(path)
        for (index, seed) in seeds().enumerated() { try FileSystem.write(seed, to: path.appending("seed-\(index)")) }
        let lines = words.map { "\"\($0.utf8.map(Self.escaped).joined())\"\n" }
        try FileSystem.write(Array(lines.joined().utf8), to: FilePath("\(folder).words"))
    }

    private static func escaped(_ byte: UInt8) -> String {
        let isPlain = (0x20..<0x7F).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
        let hex = String(byte, radix: 16)
        return isPlain ? String(Character(Unicode.Scalar(byte))) : "\\x\(hex.count == 1 ? "0" : "")\(hex)"
    }

    /// Seeds for a parser whose input begins with a digit that says which of several readers it is for.
    static func seeds(_ reader: Int, _ texts: String...) -> [[UInt8]] {
        texts.map { Array("\(reader)".utf8) + Array($0.utf8) }
    }

    /// Seeds from files of the project, in whose folder this runs.
    static func seeds(_ reader: Int, files: String...) -> [[UInt8]] {
        files.compactMap { file in (try? FileSystem.read(FilePath(file))).map { Array("\(reader)".utf8) + $0 } }
    }
}

/// An input, whose first byte says which of several readers it is for.
struct Input {
    let reader: Int
    let bytes: [UInt8]

    init?(_ input: [UInt8], readers: Int) {
        guard let first = input.first else { return nil }
        reader = Int(first &- UInt8(ascii: "0")) % readers
        bytes = Array(input.dropFirst())
    }

    /// The text where it is UTF-8: whoever calls the readers has seen to that.
    var text: String? { String(validating: bytes, as: UTF8.self) }
}

/// Traps where what must hold does not.
func expect(_ condition: Bool, _ what: @autoclosure () -> String) {
    if !condition { fatalError("caasctl: \(what())") }
}
