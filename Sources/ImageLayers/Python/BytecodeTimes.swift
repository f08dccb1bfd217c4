import ByteText
package import POSIX
import SystemPackage

/// Updates the source's time in Python bytecode when the time of the source changes.
///
/// Otherwise Python would compile every module again at each start. Call this before any time in the folder changes.
/// Source: <https://peps.python.org/pep-0552/>.
package enum BytecodeTimes {
    private static let cache = FilePath.Component("__pycache__")
    private static let header = 16

    /// Updates the bytecode in a folder and below it; `modified` maps a source's present time to its new time.
    static func settleTree(_ path: FilePath, modified: (Int64) -> Int64) throws {
        let folder = try Folder(path)
        try settle(folder, modified: modified)
        for name in try folder.names() {
            let status = try folder.status(name)
            if status?.kind == .directory { try settleTree(path.appending(name), modified: modified) }
        }
    }

    package static func settle(_ folder: Folder, modified: (Int64) -> Int64) throws {
        guard try folder.status(cache)?.kind == .directory else { return }
        let compiled = try folder.folder(cache)
        for name in try compiled.names() where name.string.hasSuffix(bytes: ".pyc") {
            // In `module.cpython-311.opt-1.pyc` the name ends at the first dot, because names of modules have none.
            guard let stem = name.string.split(byte: ".").first,
                let sourceName = FilePath.Component("\(stem).py"),
                let source = try folder.status(sourceName), source.kind == .regular
            else { continue }
            let time = modified(source.modifiedSeconds)
            guard time != source.modifiedSeconds, try compiled.status(name)?.kind == .regular else { continue }
            try settle(compiled.path.appending(name), from: source, to: time)
        }
    }

    private static func settle(_ path: FilePath, from source: FileStatus, to time: Int64) throws {
        let file = try File(path, .update(mode: 0o644))
        var bytes = [UInt8](repeating: 0, count: header)
        let count = try Self.read(file, into: &bytes)
        let isTimed = bytes[4..<8].allSatisfy { $0 == 0 }
        guard count == header, isTimed, number(bytes[8..<12]) == UInt32(truncatingIfNeeded: source.modifiedSeconds),
            number(bytes[12..<16]) == UInt32(truncatingIfNeeded: source.size)
        else { return }
        let little = [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: time >> $0) }
        var failure: POSIXError?
        little.withUnsafeBytes { buffer in
            do throws(POSIXError) { try file.write(buffer, at: 8) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private static func read(_ file: borrowing File, into bytes: inout [UInt8]) throws -> Int {
        var failure: POSIXError?
        let count = bytes.withUnsafeMutableBytes { buffer in
            do throws(POSIXError) { return try file.read(into: buffer, at: 0) } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        return count
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}
