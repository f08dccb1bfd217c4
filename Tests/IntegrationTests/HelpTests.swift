import JSON
import POSIX
import SystemPackage
import TestSupport
import Testing

/// The help of every verb is in `Texts/help.txt`, so that a change of what users read is seen in review.
///
/// `CAASCTL_RECORD=1` writes the file anew.
@Suite struct HelpTests {
    private static let file = Checkout.root.appending("Tests/IntegrationTests/Texts/help.txt")

    @Test func `every verb's help is as it was recorded`() async throws {
        var texts = ""
        for verb in try await verbs() {
            // The parser breaks lines at the terminal's width.
            let help = try await Command(
                Checkout.program("caasctl"), ["help"] + verb, environment: ["COLUMNS": "100"]
            ).succeed()
            texts += "### caasctl \(verb.joined(separator: " "))\n\n\(help)\n\n"
        }
        if ProcessEnvironment.value("CAASCTL_RECORD") != nil {
            try FileSystem.write(Array(texts.utf8), to: Self.file, mode: 0o644)
        }
        let recorded = String(decoding: try FileSystem.read(Self.file), as: UTF8.self)
        let differing = zip(texts.split(separator: "\n"), recorded.split(separator: "\n")).first { $0 != $1 }
        #expect(texts == recorded, "\(differing.map { "'\($0)' was '\($1)'" } ?? "one is longer")")
    }

    /// Every verb that help lists, by its words.
    private func verbs() async throws -> [[String]] {
        let dump = try await Command(Checkout.program("caasctl"), ["--experimental-dump-help"]).succeed()
        var found: [[String]] = []
        func add(_ command: JSONValue, below words: [String]) throws {
            found.append(words)
            for verb in command["subcommands"]?.array ?? [] where verb["shouldDisplay"]?.bool != false {
                let name = try verb.text("commandName")
                if name != "help" { try add(verb, below: words + [name]) }
            }
        }
        try add(try JSONValue(parsing: dump).member("command"), below: [])
        return found
    }
}
