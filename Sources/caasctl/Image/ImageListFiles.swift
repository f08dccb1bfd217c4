import Archive
import ArgumentParser
import ImageInspection
import ImageStore
import POSIX
import Wording

/// `caasctl image files`: lists the files of an image.
struct ImageListFiles: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "files", abstract: "List the files of an image as a container sees them.",
        discussion: """
            Names with misleading or control characters are printed in quotes, with octal escapes for those bytes.

            caasctl image files demo /workspace
            caasctl image files -lR oci:out:latest /etc
            """)

    @Argument(help: imageHelp) var image: String
    @Argument(help: "A path in the image; symbolic links are followed.") var path = "/"
    @Flag(name: [.customShort("l"), .long], help: "Also show mode, owner, size, time, link target.") var long = false
    @Flag(name: [.customShort("R"), .long], help: "Also list everything below folders, with full paths.")
    var recursive = false
    @OptionGroup var choice: PlatformOption
    @OptionGroup var connection: RegistryConnectionOptions

    func run() async throws {
        let lookup = try ImageLookup(connection)
        let found = try await lookup.whole(image, platform: choice.value())
        defer { found.removeTemporaryFiles() }
        let contents = try await lookup.contents(try found.image(platform: choice.value()), in: found)
        guard let start = try contents.resolve(path.utf8) else {
            throw Failure("list '\(path)' of \(image)", "the image has no such file")
        }
        var output = BufferedOutput()
        guard start.kind == .directory else { return show(start, start.path, &output) }
        if recursive {
            start.forEachDescendant { show($0, $0.path, &output) }
        } else {
            for child in start.children { show(child, Array(child.name), &output) }
        }
    }

    private func show(_ file: ImageFile, _ name: [UInt8], _ output: inout BufferedOutput) {
        output.print(long ? FileLine(file, name: name).description : QuotedName(name).description)
    }
}

/// Prints lines in batches of 500: an image may have a million files.
struct BufferedOutput: ~Copyable {
    private var lines: [String] = []

    mutating func print(_ line: String) {
        lines.append(line)
        if lines.count >= 500 { flush() }
    }

    private mutating func flush() {
        if !lines.isEmpty { StandardOutput.print(lines.joined(separator: "\n")) }
        lines = []
    }

    deinit { if !lines.isEmpty { StandardOutput.print(lines.joined(separator: "\n")) } }
}
