import ArgumentParser
import POSIX

/// The program on the user's machine; each verb is a file of its own.
@main struct Caasctl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "caasctl",
        abstract: "Build images without Docker, push them, and run training at GPU clouds.",
        version: Version.current,
        subcommands: [
            Build.self, Push.self, Copy.self, Tags.self, Delete.self, Images.self, Inspect.self, ListFiles.self,
            Diff.self, Verify.self, RemoveImage.self,
            Prune.self, Login.self, Logout.self, Deploy.self, Resume.self, Serve.self, Runs.self,
            Status.self, Logs.self, Fetch.self, Destroy.self, StorageCommand.self, SandboxCommand.self,
            EntrypointCommand.self, RunWorkerCommand.self,
        ])

    static func main() async {
        ProcessMemory.returnLargeBuffers()
        await main(nil)
    }
}
