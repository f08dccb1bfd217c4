import ArgumentParser
import Definitions
import Deployment
import JSON
import ObjectStorage
import POSIX
import RunContract
import Terminal
import Wording

/// `caasctl storage check`: tests whether a run could use the bucket, and reports why not.
struct StorageCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Test a bucket: write, read, delete, measure the speed, report faults.",
        discussion: """
            Default: the bucket R2_BUCKET_NAME below R2_PREFIX, as a run uses it. The test deletes the objects that it \
            writes.

            caasctl storage check --env-file .env
            caasctl storage check s3://runs/team --size 256MiB
            """)

    @Argument(help: ArgumentHelp("s3://bucket, s3://bucket/prefix or file:///folder.", valueName: "location"))
    var place: String?
    @Option(help: ArgumentHelp("Amount of data for the speed measurement, 1B to 64GiB.", valueName: "size"))
    var size = ByteCount(32 << 20)
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var options: SettingsOptions

    func validate() throws {
        guard (1...(64 << 30)).contains(size.bytes) else { throw ValidationError("--size is from 1B to 64GiB") }
    }

    func run() async throws {
        let settings = try options.settings()
        var report = StorageReport()
        do throws(StorageError) {
            let (location, prefix) = try target(settings)
            report.place = "\(location)"
            let probe = StorageProbe(
                store: try StorageSettings(settings).open(location, policy: StorageProbe.policy), location: location,
                keyID: settings.text(EnvironmentName.accessKeyID), prefix: prefix, size: size.bytes)
            await probe.run(&report)
        } catch { report.add("settings", .failed, error.description) }
        print(json ? String(decoding: report.json.prettyEncoded(), as: UTF8.self) : report.text, terminator: "")
        guard report.isGood else { throw ExitCode.failure }
    }

    private func target(_ settings: Settings) throws(StorageError) -> (StoreLocation, prefix: String) {
        let storage = StorageSettings(settings)
        guard let place else {
            guard let bucket = storage.bucket else {
                throw StorageError(.other, "choose a bucket", "name one, as s3://bucket, or set R2_BUCKET_NAME")
            }
            return (try storage.location(bucket: bucket), settings.text(EnvironmentName.prefix) ?? "")
        }
        switch try StorageURL(place) {
        case .object(let bucket, let key): return (try storage.location(bucket: bucket), key)
        case .file(let path), .folder(let path): return (.folder(path), "")
        }
    }
}

/// The results of the check, step by step.
struct StorageReport: Sendable {
    enum Result: String, Sendable { case good = "ok", warning = "WARNING", failed = "FAILED" }

    var place = ""
    private var steps: [(name: String, result: Result, detail: String)] = []

    /// Appends a step.
    mutating func add(_ name: String, _ result: Result, _ detail: String) {
        steps.append((name, result, detail))
    }

    var isGood: Bool { !steps.contains { $0.result == .failed } }

    var text: String {
        var table = Table("CHECK", "RESULT", "DETAIL")
        for step in steps { table.append(step.name, step.result.rawValue, step.detail) }
        return table.description
    }

    var json: JSONValue {
        [
            "place": .string(place), "ok": .bool(isGood),
            "checks": .array(
                steps.map { step in
                    [
                        "check": .string(step.name), "result": .string(step.result.rawValue.lowercased()),
                        "detail": .string(step.detail),
                    ]
                }),
        ]
    }
}
