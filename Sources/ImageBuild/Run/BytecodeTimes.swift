import POSIX
import SystemPackage

/// Python's bytecode names the time of the source that it was made of; where the source's time changes, it follows.
///
/// Otherwise Python would compile every module again at each start. It is called before any time in the folder changes.
/// Source: <https://peps.python.org/pep-0552/>.
enum BytecodeTimes {
    private static let cache = FilePath.Component("__pycache__")
    private static let header = 16

    static func settle(_ folder: Folder, epoch: Int64) throws(ImageBuildError) {
        try posix { () throws(POSIXError) in
            guard try folder.status(cache)?.kind == .directory else { return }
            let compiled = try folder.folder(cache)
            for name in try compiled.names() where name.string.hasSuffix(".pyc") {
                // `module.cpython-311.opt-1.pyc`: modules have no dots in their names.
                guard let stem = name.string.split(separator: ".").first,
                    let sourceName = FilePath.Component("\(stem).py"),
                    let source = try folder.status(sourceName), source.kind == .regular,
                    source.modifiedSeconds > epoch, try compiled.status(name)?.kind == .regular
                else { continue }
                try settle(compiled.path.appending(name), from: source, epoch: epoch)
            }
        }
    }

    private static func settle(_ path: FilePath, from source: FileStatus, epoch: Int64) throws(POSIXError) {
        let file = try File(path, .update(mode: 0o644))
        var bytes = [UInt8](repeating: 0, count: header)
        let count = try Self.read(file, into: &bytes)
        let isTimed = bytes[4..<8].allSatisfy { $0 == 0 }
        guard count == header, isTimed, number(bytes[8..<12]) == UInt32(truncatingIfNeeded: source.modifiedSeconds),
            number(bytes[12..<16]) == UInt32(truncatingIfNeeded: source.size)
        else { return }
        let time = UInt32(truncatingIfNeeded: epoch)
        let little = [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: time >> $0) }
        var failure: POSIXError?
        little.withUnsafeBytes { buffer in
            do throws(POSIXError) { try file.write(buffer, at: 8) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private static func read(_ file: borrowing File, into bytes: inout [UInt8]) throws(POSIXError) -> Int {
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
