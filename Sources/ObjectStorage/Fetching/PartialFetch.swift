import Hashing
import POSIX
import SystemPackage

/// A file that is fetched part by part, and beside it which parts are there, so that a later process goes on with it.
///
/// What a killed process wrote is in the kernel's hands and safe; after a crash of the machine nothing of it counts.
final class PartialFetch: Sendable {
    private let folder: Folder
    private let path: FilePath
    private let name: FilePath.Component
    private let dataName: FilePath.Component
    private let journalName: FilePath.Component
    let data: File
    private let journal: File
    /// The parts that an earlier process has fetched.
    let done: Set<Int>

    /// Goes on with what is there of the same object, or begins.
    ///
    /// `identity` says which object it is, in how many bytes, cut into what parts.
    init(_ path: FilePath, identity: String, doing action: String) throws(StorageError) {
        do throws(POSIXError) {
            let parent = path.removingLastComponent()
            folder = try Folder(parent.isEmpty ? "." : parent)
            guard let name = path.lastComponent else { throw POSIXError("write", path, .isDirectory) }
            // A hash keeps the names short enough for any file.
            let mark = SHA256.hash(Array(name.string.utf8)).hexadecimal.prefix(16)
            guard let dataName = FilePath.Component("\(UnfinishedFile.fetchPrefix)\(mark).data"),
                let journalName = FilePath.Component("\(UnfinishedFile.fetchPrefix)\(mark).parts")
            else { throw POSIXError("write", path, .invalidArgument) }
            (self.path, self.name, self.dataName, self.journalName) = (path, name, dataName, journalName)
            data = try Self.take(dataName, in: folder)
            journal = try folder.update(journalName, creating: 0o666)
            let header = "\(UnfinishedFile.machine) \(identity)"
            // A journal says nothing of a file that is new.
            if try data.status().size > 0, let done = try Self.read(journal, header) {
                self.done = done
            } else {
                try data.truncate()
                try journal.truncate()
                try journal.write(Array("\(header)\n".utf8))
                done = []
            }
        } catch {
            guard error.errno == .resourceBusy else { throw StorageError(error, doing: action) }
            throw StorageError(.local, action, "another process writes \(path) at this moment")
        }
    }

    /// Opens and locks the file; waits a little for one who is about to end, as after a call that was stopped.
    private static func take(_ name: FilePath.Component, in folder: Folder) throws(POSIXError) -> File {
        for _ in 0..<60 {
            let file = try folder.update(name, creating: 0o666)
            // Who held the lock may have given the file its last name: then it is not ours to write any more.
            if try file.lock(wait: false), let named = try folder.status(name),
                named.inode == (try file.status().inode)
            {
                return file
            }
            BlockingThread.sleep(milliseconds: 50)
        }
        throw POSIXError("write", folder.path, .resourceBusy)
    }

    /// The parts that a journal names, nil where it is another object's or none; a line that is not whole does not count.
    private static func read(_ journal: borrowing File, _ header: String) throws(POSIXError) -> Set<Int>? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try journal.read(into: &chunk)
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return nil }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\n")
        guard lines.first.map(String.init) == header else { return nil }
        return Set(lines.dropFirst().compactMap { Int($0) })
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(POSIXError) {
        try data.write(bytes, at: offset)
    }

    /// Lets the disk begin with a part that is whole, so that there is less to wait for in the end.
    func beginSync(offset: Int64, length: Int64) { data.beginSync(offset: offset, length: length) }

    /// Notes that a part is whole; one short write at the end, which several threads may do at once.
    func note(_ part: Int) throws(POSIXError) { try journal.write(Array("\n\(part)\n".utf8)) }

    /// Gives the file its name once its content is on the disk.
    func publish() throws(POSIXError) {
        try data.sync()
        // While the file is locked under its old name: whoever comes next begins with neither.
        try folder.remove(journalName)
        try folder.rename(dataName, to: name)
        try folder.sync()
    }

    /// Throws away what was fetched.
    func discard() {
        _ = try? folder.remove(journalName)
        _ = try? folder.remove(dataName)
    }
}
