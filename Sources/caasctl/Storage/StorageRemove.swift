import ArgumentParser
import ObjectStorage
import POSIX
import SystemPackage
import Wording

/// `caasctl storage rm`: removes objects.
struct StorageRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove an object, or with --recursive all below a key or folder.",
        discussion: """
            Prints each removed object. A removal cannot be undone.

            caasctl storage rm s3://runs/old.bin
            caasctl storage rm --recursive --yes s3://runs/demo-20260102-030405-00ff
            """)

    @Argument(help: ArgumentHelp("s3://bucket/key, file:///folder/file or a path.", valueName: "location"))
    var place: String
    @Flag(name: [.customShort("r"), .customShort("R"), .long], help: "Remove everything below it; asks first.")
    var recursive = false
    @Flag(help: "Do not ask for confirmation.") var yes = false
    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let opener = try options.stores()
        let place = try opener.open(place, isFolder: recursive)
        let keys = try await recursive ? keys(below: place.folder) : [key(place)]
        let store = place.store
        try await BoundedTasks.forEach(keys, atOnce: 16) { (key) async throws(StorageError) in
            try await store.delete(key)
            StandardOutput.print(QuotedName(place.name(key).utf8).description)
        }
    }

    private func key(_ place: OpenStore) async throws(StorageError) -> String {
        guard !place.key.isEmpty, try await place.store.head(place.key) != nil else {
            throw StorageError(
                .noSuchKey, "remove \(place.name)", "there is no such object; --recursive removes what is below it")
        }
        return place.key
    }

    private func keys(below place: OpenStore) async throws(StorageError) -> [String] {
        let action = "remove what is below \(place.name)"
        if let store = place.store as? any LocalStore, (try? FileSystem.realPath(store.root)) == "/" {
            throw StorageError(.other, action, "that is everything on this machine")
        }
        let objects = try await place.store.list(place.key)
        guard !objects.isEmpty else { throw StorageError(.noSuchKey, action, "there is nothing") }
        let size = ByteCount(objects.reduce(0) { $0 + $1.size })
        let question = "remove \(objects.count) objects, \(size), below \(place.name)"
        if let refusal = Confirmation.refusal(of: question, yes: yes) { throw StorageError(.other, question, refusal) }
        return objects.map(\.key)
    }
}
