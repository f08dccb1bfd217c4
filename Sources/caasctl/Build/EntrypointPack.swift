import ArgumentParser
import EntrypointPacking
import JSON
import POSIX
import SystemPackage

/// `caasctl entrypoint`: commands for building caasctl itself.
struct EntrypointCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "entrypoint", abstract: "Pack the layer for every image with a program.", shouldDisplay: false,
        subcommands: [EntrypointPack.self])
}

/// `caasctl entrypoint pack`: packs the entrypoint layer; `make entrypoint` runs it once.
struct EntrypointPack: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pack", abstract: "Pack caas-entrypoint as an image layer.")

    @Argument(help: "The program; default: caas-entrypoint next to caasctl.")
    var binary: String?

    @Option(help: "The folder to write to; default: 'entrypoint' next to caasctl.")
    var output: String?

    func run() async throws {
        let own = try FileSystem.readLink("/proc/self/exe")
        let program = binary.map { FilePath($0) } ?? own.removingLastComponent().appending("caas-entrypoint")
        let folder = output.map { FilePath($0) } ?? own.removingLastComponent().appending("entrypoint")
        let digest = try await EntrypointLayer.pack(program, to: folder)
        if output == nil {
            // The origin file is shipped next to caasctl: it records what caasctl and the entrypoint were built from.
            let origin = try BuildOrigin(ofBuilt: own)
            try FileSystem.write(
                origin.json.prettyEncoded(), to: own.removingLastComponent().appending(BuildOrigin.fileName))
        }
        print(digest)
    }
}
