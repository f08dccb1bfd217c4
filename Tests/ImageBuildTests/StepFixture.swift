import Archive
import ImageLayers
import ImageStore
import OCI
import POSIX
import Synchronization
import SystemPackage
import TestSupport

@testable import StepExecution

/// A store with a base of busybox, on which the built caasctl runs commands.
struct StepFixture {
    let home: Home
    let store: ImageStore
    let layerBuilder: LayerBuilder
    let said = Said()

    final class Said: Sendable {
        private let list = Mutex<[BuildEvent]>([])
        @Sendable func note(_ event: BuildEvent) { list.withLock { $0.append(event) } }
        var output: [String] {
            list.withLock { $0.compactMap { if case .output(let text) = $0 { text } else { nil } } }
        }
        var steps: [String] { list.withLock { $0.compactMap { if case .step(let text) = $0 { text } else { nil } } } }
        var warnings: [String] {
            list.withLock { $0.compactMap { if case .warning(let text) = $0 { text } else { nil } } }
        }
    }

    /// The folder, which only a process with all its users can remove.
    final class Home: Sendable {
        let folder: TemporaryFolder
        init() throws { folder = try TemporaryFolder() }
        deinit {
            _ = try? StepCache(home: folder("home"), program: FilePath(Checkout.program("caasctl"))).prune()
        }
    }

    var folder: TemporaryFolder { home.folder }

    init() throws {
        home = try Home()
        store = try ImageStore(at: home.folder("home/store"))
        let cache = home.folder("home/cache")
        layerBuilder = LayerBuilder(
            store: store, cache: LayerCache(folder: cache.appending("layers"), store: store),
            temporary: cache.appending("tmp"), threads: 2, report: said.note)
    }

    /// Makes a layer with busybox as a shell and the usual commands, two users, and some files to change.
    func base() async throws -> BuiltLayer {
        let busybox = try FileSystem.read(try await Busybox.path())
        return try await layerBuilder.make(createdBy: "base") { (writer) in
            do {
                for name in ["bin", "data", "data/old", "etc", "tmp"] {
                    try writer.append(
                        ArchiveEntry(.directory, path: Array(name.utf8), mode: name == "tmp" ? 0o1777 : 0o755))
                }
                for name in [
                    "cat", "chmod", "chown", "cp", "cut", "echo", "env", "id", "kill", "ln", "ls", "mkdir", "mkfifo",
                    "mknod",
                    "mount",
                    "mv",
                    "nc", "rm", "sh", "sleep", "stat", "touch", "wc",
                ] {
                    try writer.append(
                        ArchiveEntry(
                            .symbolicLink, path: Array("bin/\(name)".utf8), target: Array("busybox".utf8), mode: 0o777))
                }
                try writer.append(
                    ArchiveEntry(.regular, path: Array("bin/busybox".utf8), mode: 0o755), content: busybox)
                for (name, content) in [
                    "etc/passwd": "root:x:0:0::/root:/bin/sh\nweb:x:33:44::/data:/bin/sh\n",
                    "etc/group": "root:x:0:\nweb:x:44:\nextra:x:70:web\n", "data/kept": "kept", "data/gone": "gone",
                    "data/old/one": "1", "data/old/two": "2", "etc/issue": "",
                ].sorted(by: { $0.key < $1.key }) {
                    try writer.append(
                        ArchiveEntry(.regular, path: Array(name.utf8), mode: 0o644), content: Array(content.utf8))
                }
            } catch { throw error }
        }
    }

    /// Runs a shell script as a command.
    func run(
        _ script: String, on layers: [BuiltLayer], epoch: Int64 = 0, _ change: (inout StepCommand) -> Void = { _ in }
    ) async throws -> BuiltLayer? {
        var command = StepCommand(["/bin/sh", "-ec", script], name: script, place: "Dockerfile:7")
        change(&command)
        let executor = try StepExecutor(layerBuilder: layerBuilder, program: FilePath(Checkout.program("caasctl")))
        return try await executor.run(command, on: layers, createdBy: "RUN \(script)", epoch: epoch)
    }

    /// Returns bsdtar's listing of a layer: mode, owner and path, with the targets of links.
    func list(_ layer: BuiltLayer?) async throws -> [String] {
        guard let layer else { return [] }
        let blob = store.path(of: layer.descriptor.digest)
        let lines = try await Command(
            "bsdtar", ["--numeric-owner", "-tvf", blob.string], environment: ["TZ": "UTC", "LC_ALL": "C.UTF-8"]
        ).succeed().split(separator: "\n")
        return lines.map { line in
            let fields = line.split(separator: " ").map(String.init)
            return "\(fields[0]) \(fields[2]):\(fields[3]) \(fields[8...].joined(separator: " "))"
        }
    }
}
