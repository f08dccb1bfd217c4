import ArgumentParser
import JSON
import ObjectStorage
import POSIX
import Synchronization
import Timestamps
import Wording

/// `caasctl storage ls`: lists objects.
struct StorageList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List objects with their sizes and modification times.",
        discussion: """
            The text after the bucket is a key prefix, which need not end with a slash. The default bucket is \
            R2_BUCKET_NAME.

            caasctl storage ls s3://runs/demo-20260102-030405-00ff/
            caasctl storage ls --recursive file:///shared/runs
            """)

    @Argument(help: ArgumentHelp("s3://bucket/prefix, file:///folder or a path.", valueName: "location"))
    var place: String?
    @Flag(name: [.customShort("r"), .customShort("R"), .long], help: "Also list everything behind further slashes.")
    var recursive = false
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let opener = try options.stores()
        let place = try place.map { try opener.open($0) } ?? opener.openDefault()
        var lines = ListingLines(place: place, isJSON: json)
        try await place.store.list(place.key, isShallow: !recursive) { page in
            lines.add(page.folders, page.objects)
            for other in page.leftOut { StandardError.print("warning: \(other.text(in: place))") }
            return true
        }
        let total = lines.finish()
        guard total.objects + total.folders > 0 || place.key.isEmpty else {
            throw StorageError(.noSuchKey, "list \(place.name)", "nothing there begins so")
        }
        let objects = "\(total.objects) object\(total.objects == 1 ? "" : "s")"
        let folders = total.folders > 0 ? ", \(total.folders) folder\(total.folders == 1 ? "" : "s")" : ""
        StandardError.print("\(objects)\(folders), \(ByteCount(total.bytes))")
    }
}

/// Prints the lines of a listing as the pages arrive: a bucket may have millions of objects.
private struct ListingLines: ~Copyable {
    private let place: OpenStore
    private let isJSON: Bool
    private var output = BufferedOutput()
    private var total: (objects: Int, folders: Int, bytes: Int64) = (0, 0, 0)
    private var isEmpty = true

    init(place: OpenStore, isJSON: Bool) {
        self.place = place
        self.isJSON = isJSON
    }

    mutating func add(_ folders: [String], _ objects: [ListedObject]) {
        for folder in folders {
            total.folders += 1
            let name = place.name(folder)
            if isJSON {
                element(["folder": .string(name)])
            } else {
                line("", "", name)
            }
        }
        for object in objects {
            total.objects += 1
            total.bytes += object.size
            let name = place.name(object.key)
            if isJSON {
                element([
                    "object": .string(name), "size": .integer(object.size), "etag": .string(object.etag),
                    "modified": .optional(object.lastModified?.rfc3339),
                ])
            } else {
                line(ByteCount(object.size).description, object.lastModified?.rfc3339 ?? "", name)
            }
        }
    }

    private mutating func line(_ size: String, _ time: String, _ name: String) {
        func padded(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        output.print("\(padded(size, 10))  \(padded(time, 20))  \(QuotedName(name.utf8))")
    }

    private mutating func element(_ value: JSONValue) {
        output.print("\(isEmpty ? "[" : ",")\(value.text)")
        isEmpty = false
    }

    consuming func finish() -> (objects: Int, folders: Int, bytes: Int64) {
        if isJSON { output.print(isEmpty ? "[]" : "]") }
        return total
    }
}
