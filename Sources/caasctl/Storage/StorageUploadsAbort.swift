import ArgumentParser
import ObjectStorage
import POSIX
import Timestamps
import Wording

/// `caasctl storage uploads abort`: aborts unfinished multipart uploads, which frees their space.
struct StorageUploadsAbort: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "abort", abstract: "Abort unfinished uploads and free the space of their parts.",
        discussion: """
            Asks first. An abandoned upload looks the same as one in progress, which fails when it is aborted: choose \
            an age that none of your uploads reaches. A copy by caasctl that could have resumed an aborted upload \
            starts again from the beginning. Prints the object and the id of each aborted upload.

            caasctl storage uploads abort s3://runs --older-than 24h
            caasctl storage uploads abort s3://runs/old/ --all --yes
            """)

    @Argument(help: ArgumentHelp("s3://bucket or s3://bucket/prefix.", valueName: "location"))
    var place: String
    @Option(
        help: ArgumentHelp("Abort uploads that are at least this old, as in 30m, 24h or 7d.", valueName: "duration"),
        transform: Age.init)
    var olderThan: Age?
    @Flag(help: "Abort all uploads, whatever their age.") var all = false
    @Flag(help: "Only show the uploads that would be aborted.") var dryRun = false
    @Flag(help: "Do not ask for confirmation.") var yes = false
    @OptionGroup var options: SettingsOptions

    func validate() throws {
        guard all != (olderThan != nil) else {
            throw ValidationError("say which: --older-than 24h for those that were left, or --all for every one")
        }
    }

    func run() async throws {
        let uploads = try UnfinishedUploads(options.stores().open(place))
        let items = try await uploads.items { isOld($0, uploads.store) }
        let place = uploads.place
        guard !items.isEmpty else { return StandardError.print("nothing to abort") }
        let size = ByteCount(items.reduce(0) { $0 + $1.bytes })
        let what = "\(items.count) unfinished upload\(items.count == 1 ? "" : "s"), \(size), below \(place.name)"
        guard !dryRun else {
            for item in items { print(Self.line(item, place)) }
            return StandardError.print("would abort \(what)")
        }
        if let refusal = Confirmation.refusal(of: "abort \(what)", yes: yes) {
            throw StorageError(.other, "abort \(what)", refusal)
        }
        let store = uploads.store
        try await BoundedTasks.forEach(items, atOnce: 16) { (item) async throws(StorageError) in
            try await store.abort(item.upload)
            StandardOutput.print(Self.line(item, place))
        }
    }

    /// Returns whether the upload is old enough, by the clock of the server, which also recorded the upload's start.
    ///
    /// An upload without a start time has no known age and is kept.
    private func isOld(_ upload: MultipartUpload, _ store: any MultipartStore) -> Bool {
        guard let olderThan else { return true }
        let now = Timestamp.now() + store.clockOffset
        return upload.started.map { now.seconds - $0.seconds >= olderThan.seconds } ?? false
    }

    private static func line(_ item: UnfinishedUploads.Item, _ place: OpenStore) -> String {
        "\(QuotedName(place.name(item.upload.key).utf8))  \(QuotedName(item.upload.uploadID.utf8))"
    }
}
