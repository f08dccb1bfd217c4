import ArgumentParser
import JSON
import ObjectStorage
import POSIX
import SystemPackage

/// `caasctl storage cp`: copies files to, from and between buckets.
struct StorageCopy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cp", abstract: "Copy and verify an object or file, or with --recursive a whole folder.",
        discussion: """
            Objects that the target certainly has already are not copied again, so that a second call completes an \
            interrupted copy. A file gets its name only when it is complete. Prints the location of the copy.

            caasctl storage cp model.bin s3://runs/models/
            caasctl storage cp --recursive s3://runs/demo-20260102-030405-00ff/artifacts ./artifacts
            caasctl storage cp --recursive checkpoints file:///shared/checkpoints
            """)

    @Argument(help: ArgumentHelp("s3://bucket/key, file:///folder/file or a path.", valueName: "source")) var source:
        String
    @Argument(help: ArgumentHelp("The same forms; a final slash means a folder, made if missing.", valueName: "target"))
    var target: String
    @Flag(name: [.customShort("r"), .customShort("R"), .long], help: "Copy everything below a folder or key.")
    var recursive = false
    @Flag(help: "Keep a target that has other content, and fail.") var noOverwrite = false
    @Option(help: ArgumentHelp("Symbolic links in a folder: refuse, follow (to files), or skip.", valueName: "mode"))
    var links = CopyPlan.Links.refuse
    @Option(help: ArgumentHelp("Number of small files to copy in parallel, 1 to 64.", valueName: "number"))
    var jobs = 16
    @Flag(help: "Also send an MD5, for servers that do not check the signed SHA-256.") var contentMd5 = false
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var options: SettingsOptions

    func validate() throws {
        guard (1...64).contains(jobs) else { throw ValidationError("--jobs is from 1 to 64") }
    }

    func run() async throws {
        var transfers = S3Client.Options()
        // An interrupted upload resumes from its journal if the same file is copied to the same place.
        transfers.journal = try HomeFolder.open().appending("uploads")
        transfers.sendsContentMD5 = contentMd5
        transfers.notice = { StandardError.print($0) }
        let opener = try options.stores(options: transfers)
        let plan =
            try await recursive
            ? CopyPlan(everythingBelow: source, to: target, links: links, opener: opener)
            : CopyPlan(source, to: target, opener: opener)
        for warning in plan.warnings { StandardError.print("warning: \(warning)") }
        let progress = CopyProgress(files: plan.items.count, bytes: plan.bytes)
        let failures = try await StoreCopy(plan, noOverwrite: noOverwrite, jobs: jobs, observer: progress).run()
        progress.finish()
        for failure in failures.prefix(20) { StandardError.print("error: \(failure)") }
        if failures.count > 20 { StandardError.print("and \(failures.count - 20) more") }
        guard failures.isEmpty else {
            throw StorageError(
                .other, "copy \(failures.count) of \(plan.items.count) files",
                "the reasons are above; the same command again copies what is missing")
        }
        print(json ? progress.json(source: plan.source.name, target: plan.place).text : plan.place)
    }
}

extension CopyPlan.Links: ExpressibleByArgument {}
