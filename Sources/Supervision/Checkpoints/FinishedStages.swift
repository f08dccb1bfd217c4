import JSON
import POSIX
import SystemPackage

/// Which stages ended well on this disk since the machine was started: what they left needs no bring back.
///
/// One small file for each stage. Without it a stage is what the bucket says of it.
struct FinishedStages: Sendable {
    private let folder: FilePath
    private let run: String
    private let image: String
    private let boot: String

    init(_ folder: FilePath, run: String, image: String, boot: String = UploadNotes.currentBoot) {
        self.folder = folder
        self.run = run
        self.image = image
        self.boot = boot
    }

    /// When a stage began that ended well here, in nanoseconds since 1970; nil where that is not known.
    func beginning(of stage: String) -> Int64? {
        guard !boot.isEmpty, let bytes = try? FileSystem.read(file(stage), limit: 4096),
            let json = try? JSONValue(parsing: bytes), json == record(began: json["began"]?.integer ?? 0)
        else { return nil }
        return json["began"]?.integer.map { Int64($0) }
    }

    /// Notes that a stage ended well.
    func note(_ stage: String, began: Int64) throws(POSIXError) {
        try FileSystem.makeFolder(folder)
        try FileSystem.write(record(began: Int(began)).encoded(), to: file(stage), sync: true)
    }

    private func record(began: Int) -> JSONValue {
        ["run": .string(run), "image": .string(image), "boot": .string(boot), "began": .integer(began)]
    }

    private func file(_ stage: String) -> FilePath { folder.appending("\(stage).json") }
}
