import ArgumentParser
import ImageInspection
import ImageStore
import JSON
import OCI
import POSIX
import SystemPackage
import Terminal
import Timestamps
import Wording

/// `caasctl image ls`: lists the named images of the store.
struct ImageList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List the images that were built or fetched on this machine.",
        discussion: "An image whose name now belongs to another image is not listed; caasctl image prune removes it.")

    @Flag(help: "Print JSON.") var json = false

    private struct Row {
        let name: String
        let digest: String
        let platforms: [String]
        let size: Int64
        let stored: Timestamp
        let isDamaged: Bool
    }

    func run() async throws {
        let store = try ImageStore(at: HomeFolder.open().appending("store"))
        let rows = try store.tags().map { row($0.name, FoundImage(name: $0.name, $0.descriptor, in: store), store) }
        json ? printJSON(rows) : printTable(rows)
    }

    private func row(_ name: String, _ found: FoundImage, _ store: ImageStore) -> Row {
        let images = try? found.images()
        let status = try? FileStatus(store.path(of: found.descriptor.digest))
        return Row(
            name: name, digest: found.descriptor.digest.description,
            platforms: (images ?? []).map(\.config.platform.description),
            size: (images ?? []).reduce(0) { $0 + $1.compressedSize },
            stored: Timestamp(seconds: Int((status?.modified ?? 0) / 1_000_000_000)), isDamaged: images == nil)
    }

    private func printTable(_ rows: [Row]) {
        guard !rows.isEmpty else {
            return StandardError.print("no image is here; type: caasctl build IMAGE")
        }
        var table = Table("NAME", "DIGEST", "PLATFORMS", "SIZE", "STORED")
        for row in rows {
            table.append(
                row.name, String(row.digest.dropFirst("sha256:".count).prefix(12)),
                row.isDamaged ? "(damaged)" : row.platforms.joined(separator: " "), ByteCount(row.size).description,
                row.stored.rfc3339)
        }
        print(table, terminator: "")
    }

    private func printJSON(_ rows: [Row]) {
        let images = rows.map { row in
            [
                "name": .string(row.name), "digest": .string(row.digest),
                "platforms": .array(row.platforms.map(JSONValue.string)), "size": .integer(row.size),
                "stored": .string(row.stored.rfc3339), "damaged": .bool(row.isDamaged),
            ] as JSONValue
        }
        print(String(decoding: JSONValue.array(images).prettyEncoded(), as: UTF8.self), terminator: "")
    }
}
