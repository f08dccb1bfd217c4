import Definitions
import POSIX
import SystemPackage
import TestSupport
import Testing

/// A page about one kind of file.
///
/// A page's examples are its fenced blocks of YAML. Its keys are in tables whose first column is called `key`; a key of
/// an inner mapping may be written with the outer one, as in `keep.local`.
struct Page: Sendable, CustomTestStringConvertible {
    /// The path below the checkout.
    let file: String
    /// The beginning of the names of the decoder's source files.
    let decoder: String
    /// The decoders of other modules, below the checkout.
    var further: [String] = []
    /// The kind of file, with its schema.
    let kind: FileSchema
    /// Decodes an example; errors name `file`.
    let decode: @Sendable (_ text: String, _ file: FilePath) throws -> Void

    var testDescription: String { file }

    static let all = [
        Page(file: "docs/image.md", decoder: "ImageDefinition", kind: .image) { text, file in
            _ = try ImageDefinition(parsing: text, file: file, environment: [:])
        },
        Page(file: "docs/program.md", decoder: "Program", kind: .program) { text, file in
            _ = try ProgramDefinition(parsing: text, file: file)
        },
        Page(
            file: "docs/manifest.md", decoder: "RunManifest",
            further: ["Sources/Deployment/Targets/Ionet/IonetResources.swift"], kind: .manifest
        ) { text, file in
            _ = try RunManifest(parsing: text, file: file, settings: Settings(environment: environment))
        },
    ]

    /// The variables that the examples use without a default.
    private static let environment = [
        "GITHUB_USER": "me", "R2_ENDPOINT_URL": "https://account.r2.cloudflarestorage.com", "R2_BUCKET_NAME": "runs",
        "R2_ACCESS_KEY_ID": "example-id", "R2_SECRET_ACCESS_KEY": "example-secret",
        "REGISTRY_PASSWORD": "example-password",
    ]

    /// The folder of the decoders.
    static let sources = Checkout.root.appending("Sources/Definitions")

    /// Returns the page's YAML blocks, each below as many empty lines as the page has above it.
    ///
    /// The lines of a block then have their numbers in the page.
    func examples() throws -> [String] {
        let lines = try lines()
        var examples: [String] = []
        var start: Int?
        for (index, line) in lines.enumerated() {
            if line == "```yaml" {
                start = index + 1
            } else if line == "```", let first = start {
                examples.append(
                    String(repeating: "\n", count: first) + lines[first..<index].joined(separator: "\n") + "\n")
                start = nil
            }
        }
        try #require(start == nil, "\(file): a block of YAML has no end")
        return examples
    }

    /// Returns the keys of each table of keys, without the outer keys in front of them.
    func tables() throws -> [Set<String>] {
        var tables: [Set<String>] = []
        var isInside = false
        for line in try lines() {
            if line.hasPrefix("| key |") {
                tables.append([])
                isInside = true
            } else if !line.hasPrefix("|") {
                isInside = false
            } else if isInside, let cell = line.split(separator: "|").first {
                for key in cell.matches(of: #/`(?:[a-z0-9_]+\.)*([a-z0-9_]+)`/#) {
                    tables[tables.count - 1].insert(String(key.1))
                }
            }
        }
        return tables
    }

    /// Returns the known keys of each mapping that the decoder of the page's files reads, from its source text.
    ///
    /// They are the lists that `YAMLFields` gets as `known`: literals, or constants of the same file.
    func mappings() throws -> [Set<String>] {
        var mappings: [Set<String>] = []
        let own = try FileSystem.names(in: Self.sources).filter { $0.string.hasPrefix(decoder) }
        for file in own.map(Self.sources.appending) + further.map(Checkout.root.appending) {
            let text = try Self.text(file)
            let calls = text.matches(of: #/YAMLFields\(\s*\w+(?:\.\w+)*, known: (?:\[([^\]]*)\]|Self\.(\w+))\)/#)
            #expect(
                calls.count == text.matches(of: #/YAMLFields\(/#).count, "\(file) reads keys that no list names")
            for call in calls {
                if let list = call.1 {
                    mappings.append(Self.words(in: list))
                } else if let name = call.2 {
                    let constants = text.matches(of: #/static let (\w+) = \[([^\]]*)\]/#)
                    let list = constants.first { $0.1 == name }?.2
                    mappings.append(Self.words(in: try #require(list, "\(file) has no list \(name)")))
                }
            }
        }
        return mappings
    }

    /// Returns the string literals in a list.
    private static func words(in list: Substring) -> Set<String> {
        Set(list.matches(of: #/"([^"]+)"/#).map { String($0.1) })
    }

    private func lines() throws -> [Substring] {
        try Self.text(Checkout.root.appending(file)).split(separator: "\n", omittingEmptySubsequences: false)
    }

    static func text(_ file: FilePath) throws -> String {
        String(decoding: try FileSystem.read(file), as: UTF8.self)
    }
}
