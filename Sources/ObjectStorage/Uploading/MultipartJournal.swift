import ByteText
import Hashing
import JSON
import POSIX
import Synchronization
import SystemPackage

/// The multipart uploads in progress: in memory, and on disk where a folder is given.
///
/// Each has its own small file, which is on disk before the first part is sent.
final class MultipartJournal: Sendable {
    private let folder: FilePath?
    private let records: Mutex<[ExactText: UploadRecord]> = Mutex([:])

    init(_ folder: FilePath?) { self.folder = folder }

    /// True where the records outlive this process.
    var isKept: Bool { folder != nil }

    /// Returns the upload to a place that this or an earlier process started; ignores a record that cannot be read.
    func record(of place: String) async -> UploadRecord? {
        if let known = records.withLock({ $0[ExactText(place)] }) { return known }
        guard let path = path(of: place) else { return nil }
        return await BlockingThread.run {
            guard let bytes = try? FileSystem.read(path, limit: 64 << 10), let json = try? JSONValue(parsing: bytes),
                let record = try? UploadRecord(json: json), record.place.isSame(bytes: place)
            else { return nil }
            return record
        }
    }

    /// Records an upload; returns false where there is no journal folder, so that no later process will find it.
    func note(_ record: UploadRecord) async throws(POSIXError) -> Bool {
        records.withLock { $0[ExactText(record.place)] = record }
        guard let folder, let path = path(of: record.place) else { return false }
        try await BlockingThread.run { () throws(POSIXError) in
            try FileSystem.makeFolder(folder, mode: 0o700)
            try FileSystem.write(record.json.prettyEncoded(), to: path, mode: 0o600, sync: true)
        }
        return true
    }

    /// Removes the record of a finished upload; keeps another process's newer record for the same place.
    ///
    /// A file that cannot be removed does no harm: the server no longer knows the upload ID in it.
    func forget(_ record: UploadRecord) async {
        records.withLock { records in
            let place = ExactText(record.place)
            if records[place] == record { records[place] = nil }
        }
        guard let path = path(of: record.place), await self.record(of: record.place) == record else { return }
        await BlockingThread.run { try? FileSystem.remove(path) }
    }

    private func path(of place: String) -> FilePath? {
        folder?.appending("\(SHA256.hash(Array(place.utf8)).hexadecimal.prefix(32)).json")
    }
}
