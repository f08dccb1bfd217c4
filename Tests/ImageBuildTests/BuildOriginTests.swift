import ImageLayers
import JSON
import POSIX
import SystemPackage
import TestSupport
import Testing

@testable import EntrypointPacking
import Wording

/// Tests for the build information of SwiftPM and of programs.
@Suite struct BuildOriginTests {
    private static let revision = String(repeating: "a1", count: 20)
    private static let state = """
        {"object":{"dependencies":[
        {"packageRef":{"identity":"yams"},"state":{"name":"sourceControlCheckout","checkoutState":
        {"revision":"\(revision)","version":"6.2.2"}}},
        {"packageRef":{"identity":"swift-nio"},"state":{"name":"sourceControlCheckout","checkoutState":
        {"revision":"\(revision)","version":"2.1.0"}}}]},"version":7}
        """

    private func origin(_ state: String, swift: [String] = ["Swift version 6.3.1 (swift-6.3.1-RELEASE)\nTarget: x\n"])
        throws -> BuildOrigin
    {
        let folder = try TemporaryFolder()
        try folder.write("build/workspace-state.json", state)
        try folder.write("build/machine/release/program", "")
        for (number, text) in swift.enumerated() {
            try folder.write("build/machine/release/swift-version-\(number).txt", text)
        }
        try FileSystem.makeSymbolicLink(folder("build/release"), to: "machine/release")
        return try BuildOrigin(ofBuilt: folder("build/release/program"))
    }

    @Test func `a build says its packages with their commits, and its Swift`() throws {
        let origin = try origin(Self.state)
        #expect(origin.swift == "6.3.1" && origin.packages.map(\.name) == ["swift-nio", "yams"])
        #expect(origin.packages[0].version == "2.1.0" && origin.packages[0].revision == Self.revision)
        #expect(try BuildOrigin(json: origin.json) == origin)
    }

    @Test(arguments: [
        ("{}", nil, "'object' is missing"), ("[", nil, "invalid JSON"),
        (
            #"{"object":{"dependencies":[{"packageRef":{"identity":"a"},"state":{"name":"edited"}}]}}"#, nil,
            "package a is"
        ),
        (
            #"{"object":{"dependencies":[{"packageRef":{"identity":"a"},"state":{"checkoutState":{"revision":"1"}}}]}}"#,
            nil, "package a is of no version"
        ),
        (state, [], "no version of Swift"),
        (state, ["Swift version 6.3.1 ", "Swift version 6.4 "], "several versions"),
    ])
    func `what does not say it is refused`(state: String, swift: [String]?, words: String) {
        let error = #expect(throws: Failure.self) {
            try swift.map { try origin(state, swift: $0) } ?? origin(state)
        }
        #expect(error?.description.contains(words) == true, "\(error.debugDescription)")
    }

    @Test func `a program's libraries are found by what they leave in it`() throws {
        let origin = try origin(Self.state)
        let whole = "libcurl/ libcurl/8.1-2\0OpenSSL 3.0.19 1 Jan\0glibc/2.36 GCC: (Debian 12.2.0-14) 12\0$s7NIOCore4x"
        let texts = try LinkedVersions(of: Array(whole.utf8), from: origin).texts
        #expect(
            texts == [
                "curl": "8.1-2", "openssl": "3.0.19", "glibc": "2.36", "gcc": "Debian 12.2.0-14", "swift": "6.3.1",
                "swift-nio": "2.1.0 (\(Self.revision))",
            ])
        for mark in ["libcurl/8", "OpenSSL ", "glibc/", "GCC: ("] {
            let without = whole.split(separator: mark).joined()
            #expect(throws: Failure.self) { try LinkedVersions(of: Array(without.utf8), from: origin) }
        }
        let unknown = try self.origin(Self.state.split(separator: "yams").joined(separator: "new"))
        let error = #expect(throws: Failure.self) { try LinkedVersions(of: Array(whole.utf8), from: unknown) }
        #expect(error?.description.contains("the package new") == true)
    }
}
