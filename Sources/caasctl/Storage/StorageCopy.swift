import ArgumentParser
import JSON
import ObjectStorage
import POSIX
import SystemPackage
import Terminal

/// `caasctl storage cp`: copies files to, from and between buckets.
struct StorageCopy: AsyncParsableCommand {
    /// How a recursive copy treats symbolic links.
    enum Links: String, ExpressibleByArgument, CaseIterable, Sendable { case refuse, follow, skip }

    static let configuration = CommandConfiguration(
        commandName: "cp", abstract: "Copy an object or a file, or with --recursive all of a folder, and verify it.",
        discussion: """
            What is there already and surely the same is not copied again, so that a second call finishes what the first \
            one could not. A file has its name only when it is whole. Prints where the copy is.

            caasctl storage cp model.bin s3://runs/models/
            caasctl storage cp --recursive s3://runs/demo-20260102-030405-00ff/artifacts ./artifacts
            caasctl storage cp --recursive checkpoints file:///shared/checkpoints
            """)

    @Argument(help: ArgumentHelp("s3://bucket/key, file:///folder/file or a path.", valueName: "from")) var source:
        String
    @Argument(help: ArgumentHelp("The same; a slash at the end means into it, and makes a folder.", valueName: "to"))
    var target: String
    @Flag(name: [.customShort("r"), .customShort("R"), .long], help: "Everything below a folder or key.")
    var recursive = false
    @Flag(help: "Leave what is there and is something else, and fail.") var noOverwrite = false
    @Option(help: ArgumentHelp("Links in a folder: refuse, follow those to files, or skip.", valueName: "way"))
    var links = Links.refuse
    @Option(help: ArgumentHelp("Small files on their way at once.", valueName: "count")) var jobs = 16
    @Flag(help: "Send an MD5 besides the signed SHA-256, for servers that do not check that.") var contentMd5 = false
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
        let opener = StorageOpener(try options.settings(), options: transfers)
        let plan =
            try await recursive
            ? CopyPlan(everythingBelow: source, to: target, links: links, opener: opener)
            : CopyPlan(source, to: target, opener: opener)
        for warning in plan.warnings { StandardError.print("warning: \(warning)") }
        let progress = CopyProgress(files: plan.items.count, bytes: plan.bytes)
        let transfer = StorageTransfer(plan: plan, noOverwrite: noOverwrite, jobs: jobs, progress: progress)
        let outcome = try await transfer.run()
        progress.finish()
        for failure in outcome.failures.prefix(20) { StandardError.print("error: \(failure)") }
        if outcome.failures.count > 20 { StandardError.print("and \(outcome.failures.count - 20) more") }
        guard outcome.failures.isEmpty else {
            throw StorageError(
                .other, "copy \(outcome.failures.count) of \(plan.items.count) files",
                "the reasons are above; the same command again copies what is missing")
        }
        print(json ? progress.json(source: plan.source.name, target: plan.place).text : plan.place)
    }
}
