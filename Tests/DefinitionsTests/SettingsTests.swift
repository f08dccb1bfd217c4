import Definitions
import POSIX
import Secrets
import SystemPackage
import Testing
import Wording

@Suite struct SettingsTests {
    private func withFile<Value>(_ text: String, mode: UInt32 = 0o600, _ body: (FilePath) throws -> Value) throws
        -> Value
    {
        let folder = try FileSystem.makeTemporaryFolder(in: "/tmp", prefix: "caasctl-settings-")
        defer { try? FileSystem.removeTree(folder) }
        let file = folder.appending("secrets.env")
        try FileSystem.write(Array(text.utf8), to: file, mode: mode, exactly: true)
        return try body(file)
    }

    @Test func `the environment comes before the file`() throws {
        let text = """
            # a comment
            A=from the file   # with a comment

            export B="two words \\"quoted\\"\\nnext"
            C='as it is: \\n # $A'
            D=
            E=a#b
            """
        try withFile(text) { file in
            let settings = try Settings(environment: ["A": "from the environment", "E": ""], file: file)
            #expect(settings["A"] == "from the environment")
            #expect(settings["B"] == "two words \"quoted\"\nnext")
            #expect(settings["C"] == "as it is: \\n # $A")
            #expect(settings["D"] == "")
            #expect(settings.secret("D") == nil)
            #expect(settings["E"] == "a#b")
        }
    }

    @Test func `the bucket's variables have second names`() throws {
        let settings = try Settings(environment: ["AWS_ACCESS_KEY_ID": "one"])
        #expect(settings.secret("R2_ACCESS_KEY_ID") == Secret("one"))
    }

    @Test(arguments: [0o640, 0o604, 0o644, 0o620] as [UInt32])
    func `a file that others can read or change is refused`(mode: UInt32) throws {
        try withFile("A=secret-value", mode: mode) { file in
            let error = #expect(throws: Failure.self) { try Settings(environment: [:], file: file) }
            #expect(
                error?.description
                    == "cannot read \(file): others than its owner may read or change it; type: chmod 600 \(file)")
        }
    }

    @Test(arguments: ["secret-value", "A B=secret-value", "A=\"secret-value", "A='secret-value' x"])
    func `a mistake is named without what stands there`(line: String) throws {
        try withFile("OK=1\n\(line)\n") { file in
            let error = #expect(throws: Failure.self) { try Settings(environment: [:], file: file) }
            #expect(error?.action == "read \(file):2")
            #expect(error?.description.contains("secret-value") == false)
        }
    }
}
