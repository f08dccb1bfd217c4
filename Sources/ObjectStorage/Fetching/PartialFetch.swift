import Hashing
import POSIX
import SystemPackage

/// A file that is fetched in parts, with a journal of the parts present so that a later process can resume.
///
/// The kernel keeps what a killed process wrote; after a crash of the machine nothing of it counts.
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

    /// Resumes an earlier fetch of the same object, or starts a new one.
    ///
    /// `identity` contains the endpoint, the bucket, and the object's ETag, size and part size.
    init(_ path: FilePath, identity: String, doing action: String) throws(StorageError) {
        do throws(POSIXError) {
            let parent = path.removingLastComponent()
            folder = try Folder(parent.isEmpty ? "." : parent)
            guard let name = path.lastComponent else { throw POSIXError("write", path, .isDirectory) }
            // A hash keeps the names short enough for every file.
            let mark = SHA256.hash(Array(name.string.utf8)).hexadecimal.prefix(16)
            guard let dataName = FilePath.Component("\(UnfinishedFile.fetchPrefix)\(mark).data"),
                let journalName = FilePath.Component("\(UnfinishedFile.fetchPrefix)\(mark).parts")
            else { throw POSIXError("write", path, .invalidArgument) }
            (self.path, self.name, self.dataName, self.journalName) = (path, name, dataName, journalName)
            data = try Self.take(dataName, in: folder)
            journal = try folder.update(journalName, creating: 0o666)
            let header = "\(UnfinishedFile.machine) \(identity)"
            // A journal next to a new, empty data file is worthless.
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

    /// Opens and locks the file; waits up to 3 seconds for a process that is about to end, such as an interrupted call.
    private static func take(_ name: FilePath.Component, in folder: Folder) throws(POSIXError) -> File {
        for _ in 0..<60 {
            let file = try folder.update(name, creating: 0o666)
            // The process that held the lock may have renamed the file to its final name; this call must not write to
            // it then.
            if try file.lock(wait: false), let named = try folder.status(name),
                named.id == (try file.status().id)
            {
                return file
            }
            BlockingThread.sleep(milliseconds: 50)
        }
        throw POSIXError("write", folder.path, .resourceBusy)
    }

    /// Returns the parts in a journal, without incomplete lines; nil for no journal or another object's.
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

    /// Starts writeback of a finished part, so that the final sync takes less time.
    func beginSync(offset: Int64, length: Int64) { data.beginSync(offset: offset, length: length) }

    /// Records a finished part with one short append, which several threads may do at once.
    func note(_ part: Int) throws(POSIXError) { try journal.write(Array("\n\(part)\n".utf8)) }

    /// Syncs the content and renames the file to its final name.
    func publish() throws(POSIXError) {
        try data.sync()
        // The data file is still locked under its old name here, so the next process starts with neither file.
        try folder.remove(journalName)
        try folder.rename(dataName, to: name)
        try folder.sync()
    }

    /// Removes the fetched parts and the journal.
    func discard() {
        _ = try? folder.remove(journalName)
        _ = try? folder.remove(dataName)
    }
}
