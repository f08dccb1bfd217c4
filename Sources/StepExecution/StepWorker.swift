import Containers
import ImageLayers
import ImageStore
import JSON
import OCI
import POSIX
import SystemPackage
import Wording

/// The process that runs one command: the first process of its namespaces, started by ``StepProcess``.
///
/// It reads a ``StepJob`` and prints ``StepMessage``s. Its mounts disappear when it ends for any reason.
package struct StepWorker: Sendable {
    /// The argument that makes caasctl run as this process.
    package static let verb = "step-worker"

    package init() {}

    /// Executes the job in standard input.
    package func run() async {
        do {
            let content = try StandardInput.readAll()
            Self.tell(try await run(content))
        } catch { Self.tell(.failure("\(error)")) }
    }

    private func run(_ content: [UInt8]) async throws -> StepMessage {
        let cleaning: StepCleaning?
        let job: StepJob?
        do {
            let json = try JSONValue(parsing: content)
            cleaning = try StepCleaning(json: json)
            job = cleaning == nil ? try StepJob(json: json) : nil
        } catch { throw Failure("read what to run", Failure.reason(of: error)) }
        if let job { return try await run(job) }
        return try await BlockingThread.run { try cleaning?.run() ?? .done(nil) }
    }

    private func run(_ job: StepJob) async throws -> StepMessage {
        let layerBuilder = try LayerBuilder(job)
        let session = try StepScratch(job.place, users: job.users)
        defer { session.close() }
        let trees = LayerTrees(
            session: session, store: layerBuilder.store, keepingOwners: job.users != .namespace(isSingle: true),
            report: Self.tell)
        let root = try await BlockingThread.run { try StepRoot(job, session, trees) }
        let container = StepContainer(job: job, session: session, root: root, report: Self.tell)
        let status = try await BlockingThread.run { try container.run() }
        guard status == 0 else { return .status(status) }
        return try await root.finish(layerBuilder)
    }

    @Sendable private static func tell(_ report: StepMessage) {
        StandardOutput.print(String(decoding: report.json.encoded(), as: UTF8.self))
    }
}

extension LayerBuilder {
    /// Creates the builder in the process that runs a command.
    fileprivate init(_ job: StepJob) throws {
        let store = try ImageStore(at: job.store)
        let folder = job.place.temporary
        self.init(
            store: store, cache: LayerCache(folder: folder, store: store), temporary: folder, threads: job.threads,
            compression: job.compression,
            report: { _ in })
    }
}
