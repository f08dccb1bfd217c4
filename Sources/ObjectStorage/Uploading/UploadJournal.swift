import ByteText
import Hashing
import JSON
import POSIX
import Synchronization
import SystemPackage

/// The multipart uploads that are under way: in memory, and on the disk where a folder was given.
///
/// Each is a small file of its own, which is on the disk before the first part is sent.
final class UploadJournal: Sendable {
    private let folder: FilePath?
    private let records: Mutex<[ExactText: UploadRecord]> = Mutex([:])

    init(_ folder: FilePath?) { self.folder = folder }

    /// True where what is noted outlives this process.
    var isKept: Bool { folder != nil }

    /// The upload that was begun to a place, by this process or an earlier one; what cannot be read does not count.
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

    /// Notes an upload; false where no later process will find it, since nobody said where.
    func note(_ record: UploadRecord) async throws(POSIXError) -> Bool {
        records.withLock { $0[ExactText(record.place)] = record }
        guard let folder, let path = path(of: record.place) else { return false }
        try await BlockingThread.run { () throws(POSIXError) in
            try FileSystem.makeFolder(folder, mode: 0o700)
            try FileSystem.write(record.json.prettyEncoded(), to: path, mode: 0o600, sync: true)
        }
        return true
    }

    /// Forgets an upload that is over; one that another process has begun to the same place meanwhile stays.
    ///
    /// A file that cannot be removed does no harm: the server no longer knows the upload that it names.
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
