import ArgumentParser
import JSON
import ObjectStorage
import POSIX
import Terminal
import Timestamps
import Wording

/// `caasctl storage uploads ls`: lists unfinished multipart uploads.
struct StorageUploadsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List unfinished uploads with their stored bytes, start time and id.",
        discussion: """
            The text after the bucket is a key prefix. The default bucket is R2_BUCKET_NAME. Uploads in progress are \
            listed too.

            caasctl storage uploads ls s3://runs/demo-20260102-030405-00ff/
            """)

    @Argument(help: ArgumentHelp("s3://bucket or s3://bucket/prefix.", valueName: "location"))
    var place: String?
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let opener = try options.stores()
        let uploads = try UnfinishedUploads(try place.map { try opener.open($0) } ?? opener.openDefault())
        let items = try await uploads.items()
        let place = uploads.place
        if json {
            let list = items.map { item -> JSONValue in
                [
                    "object": .string(place.name(item.upload.key)), "upload_id": .string(item.upload.uploadID),
                    "started": .optional(item.upload.started?.rfc3339), "parts": .integer(item.parts),
                    "size": .integer(item.bytes),
                ]
            }
            print(String(decoding: JSONValue.array(list).prettyEncoded(), as: UTF8.self), terminator: "")
        } else if !items.isEmpty {
            var table = Table("SIZE", "PARTS", "STARTED", "OBJECT", "ID")
            for item in items {
                table.append(
                    ByteCount(item.bytes).description, "\(item.parts)", item.upload.started?.rfc3339 ?? "unknown",
                    QuotedName(place.name(item.upload.key).utf8).description,
                    QuotedName(item.upload.uploadID.utf8).description)
            }
            print(table, terminator: "")
        }
        let bytes = items.reduce(0) { $0 + $1.bytes }
        StandardError.print("\(items.count) unfinished upload\(items.count == 1 ? "" : "s"), \(ByteCount(bytes))")
    }
}
