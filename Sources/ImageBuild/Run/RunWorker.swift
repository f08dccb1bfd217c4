import Containers
import ImageStore
import JSON
import OCI
import POSIX
import SystemPackage

/// The process that runs one command: the first process of its namespaces, started by ``RunProcess``.
///
/// It reads a ``RunJob`` and prints ``RunReport``s. Its mounts disappear when it ends for any reason.
package struct RunWorker: Sendable {
    /// The argument that makes caasctl run as this process.
    package static let verb = "run-worker"

    package init() {}

    /// Executes the job in standard input.
    package func run() async {
        do throws(ImageBuildError) {
            let content = try posix { () throws(POSIXError) in try StandardInput.readAll() }
            Self.tell(try await run(content))
        } catch { Self.tell(.failure(error.description)) }
    }

    private func run(_ content: [UInt8]) async throws(ImageBuildError) -> RunReport {
        let cleaning: RunCleaning?
        let job: RunJob?
        do throws(JSONError) {
            let json = try JSONValue(parsing: content)
            cleaning = try RunCleaning(json: json)
            job = cleaning == nil ? try RunJob(json: json) : nil
        } catch { throw ImageBuildError("read what to run", error.reason) }
        if let job { return try await run(job) }
        return try await BlockingThread.run { () throws(ImageBuildError) in
            try cleaning?.run() ?? .done(nil)
        }
    }

    private func run(_ job: RunJob) async throws(ImageBuildError) -> RunReport {
        let factory = try LayerFactory(job)
        let session = try RunSession(job.place, users: job.users)
        defer { session.close() }
        let trees = LayerTrees(
            session: session, store: factory.store, keepingOwners: job.users != .namespace(isSingle: true),
            report: Self.tell)
        let root = try await BlockingThread.run { () throws(ImageBuildError) in try RunRoot(job, session, trees) }
        let container = RunContainer(job: job, session: session, root: root, report: Self.tell)
        let status = try await BlockingThread.run { () throws(ImageBuildError) in try container.run() }
        guard status == 0 else { return .status(status) }
        return try await root.finish(factory)
    }

    @Sendable private static func tell(_ report: RunReport) {
        StandardOutput.print(String(decoding: report.json.encoded(), as: UTF8.self))
    }
}

extension LayerFactory {
    /// Creates the factory in the process that runs a command.
    fileprivate init(_ job: RunJob) throws(ImageBuildError) {
        let store = try stored { () throws(ImageStoreError) in try ImageStore(at: job.store) }
        let folder = job.place.temporary
        self.init(
            store: store, cache: LayerCache(folder: folder, store: store), temporary: folder, threads: job.threads,
            compression: job.compression,
            report: { _ in })
    }
}
