import POSIX
import SystemPackage
import TestSupport

/// The texts of this checkout that tests compare with the code.
enum ProjectText {
    /// Returns the text of a file.
    static func read(_ path: String) throws -> String {
        String(decoding: try FileSystem.read(Checkout.root.appending(path)), as: UTF8.self)
    }

    /// Returns the texts between single backticks, except in blocks of code.
    static func quoted(in text: some StringProtocol) -> [String] {
        var found: [String] = []
        var isCode = false
        for line in String(text).split(separator: "\n") {
            if line.hasPrefix("```") { isCode.toggle() }
            if !isCode { found += line.matches(of: #/`([^`]+)`/#).map { String($0.1) } }
        }
        return found
    }

    /// Returns the quoted texts that are names of tests: other code in backticks has fewer words, or is a command.
    static func testNames(in text: some StringProtocol) -> [String] {
        quoted(in: text).filter { $0.split(separator: " ").count > 3 && !$0.hasPrefix("caasctl ") }
    }

    /// Returns the names of all tests.
    static func tests() async throws -> Set<String> {
        let found = try await Command("grep", ["-rhoE", "func `[^`]+`", Checkout.root.appending("Tests").string])
            .succeed()
        return Set(found.split(separator: "\n").map { String($0.dropFirst("func `".count).dropLast()) })
    }
}
