import HTTP
package import JSON
import POSIX
import Secrets
import Synchronization
package import TestSupport

@testable import Sandbox

/// The sandbox's API of io.net with machines that run at once, on a server whose answers a test overrides.
///
/// Its hardware, places and prices are those that the tests name. It runs no containers.
package final class IonetDouble: Sendable {
    /// Returns the answer to a request, nil for the API's own.
    package typealias Override = @Sendable (ReceivedRequest, Int) -> ServerReply?

    /// The path prefix of every operation.
    package static let prefix = "/enterprise/v1/io-cloud/caas"
    /// The only key that it accepts.
    package static let key = "sandbox-0123456789abcdef"

    /// The server, which records every request.
    package let server: LoopbackServer
    private let folder: TemporaryFolder
    private let state: DoubleState

    /// Starts the API; `override` also gets the number of requests so far for the same method and path, from 1.
    package init(_ override: @escaping Override = { _, _ in nil }) async throws {
        let state = DoubleState()
        let folder = try TemporaryFolder()
        let table = try await DeploymentTable(folder: SandboxFolder(path: folder.path), supervisor: IdleContainers())
        let api = IonetAPI(apiKey: Secret(Self.key), deployments: table, catalogue: .priced)
        (self.state, self.folder) = (state, folder)
        server = try await LoopbackServer(answeringLater: { request in
            let count = state.count(request)
            if let reply = override(request, count) { return reply }
            if let reply = state.listed(request) { return reply }
            let answer = await api.answer(
                APIRequest(
                    method: request.method, target: request.target, apiKey: request.headers["x-api-key"],
                    body: request.body))
            guard case .json(let json) = answer.content else { return .close }
            state.note(request, answer.status)
            return Self.json(state.adding(to: json, request), answer.status)
        })
    }

    /// The URL for IOCLOUD_API_URL.
    package var url: String { "http://\(server.host)" }

    /// The bodies of all accepted `POST /deploy` requests.
    package var deployed: [JSONValue] { state.deployed }

    /// Returns the number of requests for `METHOD /path`.
    package func count(_ line: String) -> Int { state.count(of: line) }

    /// Adds a deployment that another computer requested, in any status, also one that is not documented.
    package func add(name: String, id: String, status: String = "running") { state.add(name, id, status) }

    /// A price for hardware that the API does not have.
    package static var price: ServerReply {
        json(["data": ["total_cost_usdc": .double(143.5), "available_replica_count": [1]]])
    }

    /// Returns a response with a JSON document.
    package static func json(_ value: JSONValue, _ status: Int = 200) -> ServerReply {
        .answer(status, ["Content-Type": "application/json"], body: value.encoded())
    }
}

extension HardwareCatalogue {
    /// What the tests' manifests ask for: 8 H100 for 6 hours cost 143.50 dollars.
    fileprivate static let priced = HardwareCatalogue(
        hardware: [
            Hardware(id: 203, name: "H100", brand: "NVIDIA", maximumPerContainer: 8, memoryGiB: 80),
            Hardware(id: 7, name: "A100 PCIe", brand: "NVIDIA", maximumPerContainer: 4, memoryGiB: 40),
        ],
        locations: [
            Location(id: 9, iso2: "DE", name: "Frankfurt", free: 2),
            Location(id: 4, iso2: "US", name: "Dallas", free: 1),
            Location(id: 5, iso2: "FR", name: "Paris", free: 0),
        ]
    ) { gpus, hours in 143.5 * Double(gpus * hours) / 48 }
}

/// Containers that run as soon as they are requested, answer under an address where nobody listens, and end when asked.
private struct IdleContainers: ContainerSupervising {
    func run(
        _ request: DeployRequest, _ record: DeploymentRecord, _ container: ContainerRecord, in table: DeploymentTable
    ) async {
        _ = try? await table.update(record.id, container.id) { container in
            container.add(event: "pulling the image")
            container.status = "running"
            container.publicURL = "https://c1.example.org"
        }
        // A test that leaves a machine behind must not keep a task for ever.
        for _ in 0..<3000 {
            guard await !table.isTerminating(record.id) else { break }
            try? await Task.sleep(for: .milliseconds(20))
        }
        _ = try? await table.update(record.id, container.id) { $0.status = "destroyed" }
    }

    func resume(_ record: DeploymentRecord, _ container: ContainerRecord, in table: DeploymentTable) async {}
}

/// The requests so far, and the deployments that the API itself did not make.
private final class DoubleState: Sendable {
    private struct State: Sendable {
        var deployed: [JSONValue] = []
        var asked: [String: Int] = [:]
        var added: [(name: String, id: String, status: String)] = []
    }

    private let state = Mutex(State())

    var deployed: [JSONValue] { state.withLock { $0.deployed } }

    func count(of line: String) -> Int { state.withLock { $0.asked[line] ?? 0 } }

    func add(_ name: String, _ id: String, _ status: String) {
        state.withLock { $0.added.append((name, id, status)) }
    }

    /// Counts a request, and returns the number of the same method and path.
    func count(_ request: ReceivedRequest) -> Int {
        let line = "\(request.method) \(request.path.dropFirst(IonetDouble.prefix.count))"
        return state.withLock { state in
            state.asked[line, default: 0] += 1
            return state.asked[line] ?? 0
        }
    }

    func note(_ request: ReceivedRequest, _ status: Int) {
        guard request.method == "POST", status == 200, let body = try? JSONValue(parsing: request.body) else { return }
        state.withLock { $0.deployed.append(body) }
    }

    /// Answers a request about an added deployment; nil for all others.
    func listed(_ request: ReceivedRequest) -> ServerReply? {
        let path = request.path.dropFirst(IonetDouble.prefix.count).split(separator: "/").map(String.init)
        guard request.headers["x-api-key"] == IonetDouble.key else { return nil }
        return state.withLock { state in
            if path.first == "clusters",
                state.added.contains(where: { request.target.hasSuffix("cluster_name=\($0.name)") })
            {
                return .answer(200, text: "false")
            }
            guard path.count >= 2, path[0] == "deployment",
                let index = state.added.firstIndex(where: { $0.id == path[1] })
            else { return nil }
            let machine = state.added[index]
            if request.method == "DELETE" { state.added[index].status = "destroyed" }
            guard path.count == 2 else {
                let worker: JSONValue = [
                    "device_id": "d", "container_id": "c1", "status": .string(machine.status), "public_url": "",
                    "container_events": .null,
                ]
                return IonetDouble.json(["data": ["total": 1, "workers": [worker]]])
            }
            return IonetDouble.json(["data": ["id": .string(machine.id), "status": .string(machine.status)]])
        }
    }

    /// Adds the added deployments to a list of deployments.
    func adding(to answer: JSONValue, _ request: ReceivedRequest) -> JSONValue {
        guard request.method == "GET", request.path.hasSuffix("/deployments"),
            let listed = answer["data"]?["deployments"]?.array
        else { return answer }
        let added = state.withLock { $0.added }.map { machine -> JSONValue in
            ["id": .string(machine.id), "name": .string(machine.name), "status": .string(machine.status)]
        }
        let isRunningAlone = request.target.contains("status=running")
        let rows = listed + (isRunningAlone ? added.filter { $0["status"] == "running" } : added)
        return ["data": ["deployments": .array(rows), "total": .integer(rows.count)]]
    }
}
