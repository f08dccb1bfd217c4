import HTTP
import JSON
private import Synchronization
import Timestamps

/// Reads the log of a run: from the provider while the container exists, else from the bucket.
package struct LogFollower: Sendable {
    /// Seconds without a line after which a log that is not followed counts as read.
    ///
    /// The API does not mark where past lines end and new lines begin. So a log also counts as read once three times
    /// this time has passed and fewer than ten lines arrived within a quarter of it.
    package var quiet = 2.0
    /// Seconds between two requests for the state, and between two attempts to connect.
    package var interval: Double

    let target: (any Target)?
    let record: RunRecord
    let bucket: RunBucket?

    /// Creates a follower; `target` and `bucket` are nil where the run has none or its key is not set.
    package init(_ target: (any Target)?, record: RunRecord, bucket: RunBucket?) {
        self.target = target
        self.record = record
        self.bucket = bucket
        interval = target?.isLocal == true ? 0.5 : 5
    }

    /// Passes the log's lines to `line`; with `following` until the run is over.
    package func read(following: Bool, line: @escaping @Sendable (String) -> Void) async throws {
        if let target = target as? any LogStreaming, let id = record.newest?.deployment,
            let container = try await livingContainer(of: id, on: target, waiting: following)
        {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for stream in target.logStreams {
                    group.addTask {
                        try await follow(stream, of: container, in: id, on: target, following: following, line: line)
                    }
                }
                try await group.waitForAll()
            }
            return
        }
        guard let bucket else {
            throw DeploymentError(
                .notFound, "read the log of \(record.run)", "its container is gone and it has no bucket")
        }
        try await bucket.log(following: following, interval: max(interval, 2), line: line)
    }

    /// Returns the container while the provider has it; with `waiting` waits until it exists.
    private func livingContainer(
        of id: JSONValue, on target: any Target, waiting: Bool
    ) async throws(DeploymentError) -> ContainerStatus? {
        while let machine = try await target.look(at: id), !machine.isLeaving {
            if let container = machine.containers.first { return container }
            guard waiting, !machine.isOver else { return nil }
            do { try await Task.sleep(for: .seconds(interval)) } catch { return nil }
        }
        return nil
    }

    /// Reads one of the streams, and reconnects while the run goes on.
    private func follow(
        _ stream: String, of container: ContainerStatus, in id: JSONValue, on target: any LogStreaming,
        following: Bool, line: @escaping @Sendable (String) -> Void
    ) async throws(DeploymentError) {
        let state = Mutex((filter: ReplayFilter(), latest: Timestamp.now(), failures: 0))
        while true {
            state.withLock { $0.filter.reconnect() }
            do throws(DeploymentError) {
                try await connect(stream, of: container, in: id, on: target, quiet: following ? nil : quiet) {
                    text in
                    let new = state.withLock { state in
                        state.failures = 0
                        return state.filter.filter(text)
                    }
                    for text in new { line(text) }
                }
            } catch {
                let failures = state.withLock { state in
                    state.failures += 1
                    return state.failures
                }
                // A container that has not started yet has no log; some servers answer 404 then.
                let mayPass = error.code == .unreachable || (error.code == .notFound && following)
                guard mayPass, failures < (error.code == .notFound ? 240 : 10) else { throw error }
            }
            guard following, let machine = try await target.look(at: id), !machine.isOver, !machine.isLeaving else {
                return
            }
            do { try await Task.sleep(for: .seconds(interval)) } catch { return }
        }
    }

    /// Reads one connection, and closes it after `quiet` seconds without a line.
    private func connect(
        _ stream: String, of container: ContainerStatus, in id: JSONValue, on target: any LogStreaming, quiet: Double?,
        line: @escaping @Sendable (String) -> Void
    ) async throws(DeploymentError) {
        guard let quiet else {
            return try await target.log(of: id, container: container.id, stream: stream, line: line)
        }
        let heard = LastHeard()
        let result = await withTaskGroup(of: Result<Void, DeploymentError>?.self) { group in
            group.addTask {
                do throws(DeploymentError) {
                    try await target.log(of: id, container: container.id, stream: stream) {
                        text in
                        heard.note()
                        line(text)
                    }
                    return .success(())
                } catch { return .failure(error) }
            }
            group.addTask {
                let begin = ContinuousClock.now
                while heard.age < .seconds(quiet) {
                    let before = heard.count
                    do { try await Task.sleep(for: .seconds(quiet / 4)) } catch { return nil }
                    let isSlow = heard.count - before < 10
                    if isSlow, begin.duration(to: .now) > .seconds(3 * quiet) { return nil }
                }
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        try result?.get()
    }
}

/// The time of the last line, and the number of lines so far.
private final class LastHeard: Sendable {
    private let state = Mutex((moment: ContinuousClock.now, count: 0))

    func note() {
        state.withLock { state in
            state.moment = .now
            state.count += 1
        }
    }
    var age: Duration { state.withLock { $0.moment.duration(to: .now) } }
    var count: Int { state.withLock { $0.count } }
}
