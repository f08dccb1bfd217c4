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
        var (report, shown) = (ProbeReport(), "")
        do throws(StorageError) {
            let opener = StoreOpener(settings, policy: StoreProbe.policy)
            let (location, key) = try opener.location(of: place)
            shown = "\(location)"
            let line = ProgressLine()
            let probe = StoreProbe(
                try opener.open(location), at: location,
                below: place == nil ? settings.text(EnvironmentName.prefix) ?? "" : key,
                keyID: settings.text(EnvironmentName.accessKeyID), size: size.bytes
            ) { line.update($0) }
            await probe.run(&report)
        } catch { report.add("settings", .failed, error.description) }
        print(json ? Self.json(report, shown) : Self.text(report), terminator: "")
        guard report.isGood else { throw ExitCode.failure }
    }

    private static func text(_ report: ProbeReport) -> String {
        var table = Table("CHECK", "RESULT", "DETAIL")
        for step in report.steps { table.append(step.name, step.result.rawValue, step.detail) }
        return table.description
    }

    private static func json(_ report: ProbeReport, _ place: String) -> String {
        let value: JSONValue = [
            "place": .string(place), "ok": .bool(report.isGood),
            "checks": .array(
                report.steps.map { step in
                    [
                        "check": .string(step.name), "result": .string(step.result.rawValue.lowercased()),
                        "detail": .string(step.detail),
                    ]
                }),
        ]
        return String(decoding: value.prettyEncoded(), as: UTF8.self)
    }
}
