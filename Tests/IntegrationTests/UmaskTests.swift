import SystemPackage
import TestSupport
import Testing

/// Tests that the files that caasctl writes for its user have the modes of the user's umask.
@Suite struct UmaskTests {
    @Test(arguments: [("077", "0600", "0700"), ("002", "0664", "0775"), ("022", "0644", "0755")])
    func `files and folders obey the umask`(umask: String, file: String, directory: String) async throws {
        let user = try Stranger()
        let program = Checkout.program("caasctl")
        @discardableResult func shell(_ script: String, _ arguments: [String] = []) async throws -> String {
            var command = user.caasctl([])
            (command.program, command.arguments) = ("sh", ["-ec", script] + arguments)
            return try await command.succeed()
        }
        func caasctl(_ arguments: [String]) async throws {
            try await shell("umask \(umask); exec \"$0\" \"$@\"", [program] + arguments)
        }
        try await shell("umask \(umask); mkdir out")
        try await caasctl([
            "build", "app", "--lock", "--output", "oci:out/layout:1", "--output", "oci-archive:out/app.tar", "--output",
            "docker-archive:out/docker.tar", "--digest-file", "out/digest",
        ])
        try await caasctl(["storage", "cp", "--recursive", "images/app", "out/copy"])
        try await caasctl(["storage", "cp", "images/app/image.yaml", "out/file"])
        try await caasctl(["image", "copy", "oci:out/layout:1", "oci:out/second:1"])
        let find = "find out images/app/image.lock -type f -printf 'f %m %p\\n' -o -type d -printf 'd %m %p\\n'"
        let listed = try await shell(find).split(separator: "\n")
        #expect(listed.count > 15 && listed.contains { $0.hasSuffix("image.lock") })
        for line in listed {
            #expect(
                line.hasPrefix("f \(file.dropFirst()) ") || line.hasPrefix("d \(directory.dropFirst()) "), "\(line)")
        }
    }
}
