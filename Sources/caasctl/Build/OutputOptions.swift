import ArgumentParser
import ImageStore
import OCI
import POSIX
import SystemPackage

/// Where a build writes its image in addition to the store, and how it prints the result.
struct OutputOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Also write the image to this layout or archive; repeatable.",
            discussion: """
                oci:DIR[:TAG] is an OCI layout, whose files are hard links to the store's. oci-archive:FILE[:TAG] is a \
                tar of a layout, which `docker load` accepts too. docker-archive:FILE[:TAG] is such a tar of one \
                platform: this machine's if the image has several. FILE may be '-' for standard output. The image's \
                name is TAG, else the value of --tag.
                """, valueName: "output"))
    var output: [String] = []

    @Option(
        help: ArgumentHelp("Also write the digest to this file.", valueName: "file"), transform: OutputFile.init)
    var digestFile: OutputFile?

    @Flag(help: "Print the digest, platforms, layers and library versions as JSON.")
    var json = false

    func validate() throws {
        let outputs = try targets()
        let streams = outputs.filter(\.isStandardOutput)
        guard streams.count <= 1 else { throw ValidationError("only one --output can go to standard output") }
        guard streams.isEmpty || !json else {
            throw ValidationError("--json and --output \(streams[0]) both want standard output")
        }
    }

    func targets() throws -> [ImageOutput] {
        do {
            var outputs: [ImageOutput] = []
            for text in output { outputs.append(try ImageOutput(text)) }
            return outputs
        } catch { throw ValidationError("\(error)") }
    }

    /// Returns whether the image itself is written to standard output.
    func isStream() throws -> Bool { try targets().contains(where: \.isStandardOutput) }
}
