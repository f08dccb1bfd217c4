import JSON
import POSIX
import SystemPackage

/// The stages that succeeded on this disk since the machine's boot, whose files need not be restored.
///
/// One small file per stage. Without it, the bucket decides whether a stage is finished.
struct FinishedStages: Sendable {
    private let folder: FilePath
    private let run: String
    private let image: String
    private let boot: String

    init(_ folder: FilePath, run: String, image: String, boot: String = PendingUploads.currentBoot) {
        self.folder = folder
        self.run = run
        self.image = image
        self.boot = boot
    }

    /// The time that no file of a stage that begins now can precede, in nanoseconds since 1970.
    var now: Int64 {
        if (try? FileSystem.makeFolder(folder)) != nil, let time = try? FileSystem.time(in: folder) { return time }
        // A full disk. A time that is too early takes files for the stage's own, and the stage runs again elsewhere.
        return SystemClock.nanoseconds - 2_000_000_000
    }

    /// Returns the start time of a stage that succeeded here, in nanoseconds since 1970, nil if it is unknown.
    func beginning(of stage: String) -> Int64? {
        guard !boot.isEmpty, let bytes = try? FileSystem.read(file(stage), limit: 4096),
            let json = try? JSONValue(parsing: bytes), json == record(began: json["began"]?.integer ?? 0)
        else { return nil }
        return json["began"]?.integer.map { Int64($0) }
    }

    /// Records that a stage succeeded.
    func note(_ stage: String, began: Int64) throws(POSIXError) {
        try FileSystem.makeFolder(folder)
        try FileSystem.write(record(began: Int(began)).encoded(), to: file(stage), sync: true)
    }

    private func record(began: Int) -> JSONValue {
        ["run": .string(run), "image": .string(image), "boot": .string(boot), "began": .integer(began)]
    }

    private func file(_ stage: String) -> FilePath { folder.appending("\(stage).json") }
}
