import ArgumentParser
import ImageInspection
import JSON
import POSIX
import Terminal
import Wording

/// `caasctl image verify`: checks an image's digests, sizes, names and rules.
struct ImageVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check all digests, sizes, names and format rules of an image.",
        discussion: """
            Prints a line for each problem and each warning. Exit status: 0 if there is no problem, 1 if there is one, \
            2 if the image cannot be found.

            caasctl image verify demo
            caasctl image verify oci:out:latest
            """)

    @Argument(help: imageHelp) var image: String
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var choice: PlatformOption
    @OptionGroup var connection: RegistryConnectionOptions

    func run() async throws {
        let progress = ProgressLine()
        let outcome: ImageVerifier.Outcome
        do {
            let lookup = try ImageLookup(connection)
            let found = try await lookup.whole(image, platform: choice.value())
            defer { found.removeTemporaryFiles() }
            let (listings, name) = (lookup.listings, image)
            outcome = await BlockingThread.run { () -> ImageVerifier.Outcome in
                ImageVerifier(found, listings: listings) { step in progress.update("verify \(name): \(step)") }.verify()
            }
        } catch {
            StandardError.print("Error: \(error)")
            throw ExitCode(2)
        }
        if json {
            print(String(decoding: outcome.json(name: image).prettyEncoded(), as: UTF8.self), terminator: "")
        } else {
            for finding in outcome.findings { print(finding) }
            print(summary(outcome))
        }
        if !outcome.isValid { throw ExitCode(1) }
    }

    private func summary(_ outcome: ImageVerifier.Outcome) -> String {
        let counts = [(outcome.manifests, "manifest"), (outcome.layers, "layer"), (outcome.entries, "file")]
        let read = counts.map { "\($0) \($1)\($0 == 1 ? "" : "s")" }.joined(separator: ", ")
        return "\(outcome.isValid ? "valid" : "not valid"): \(image): \(read), \(ByteCount(outcome.bytes)) read"
    }
}
