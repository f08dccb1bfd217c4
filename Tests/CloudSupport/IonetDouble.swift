import HTTP
package import JSON
import Synchronization

/// A loopback API that answers as io.net documents it, except where a test overrides it.
package final class IonetDouble: Sendable {
    /// Returns the answer to a request, nil for the default answer.
    package typealias Override = @Sendable (ReceivedRequest, Int) -> ServerReply?

    private struct State: Sendable {
        var deployed: [JSONValue] = []
        var statuses: [String: String] = [:]
        var names: [String: String] = [:]
        var asked: [String: Int] = [:]
    }

    /// The path prefix of every operation.
    package static let prefix = "/enterprise/v1/io-cloud/caas"
    /// The only key that it accepts.
    package static let key = "sandbox-0123456789abcdef"

    /// The server, which records every request.
    package let server: LoopbackServer
    private let state: Shared

    private final class Shared: Sendable {
        let state = Mutex(State())
    }

    /// Starts the API; `override` also gets the number of requests so far for the same method and path, from 1.
    package init(_ override: @escaping Override = { _, _ in nil }) async throws {
        let shared = Shared()
        state = shared
        server = try await LoopbackServer { request in
            let line = "\(request.method) \(request.path.dropFirst(Self.prefix.count))"
            let count = shared.state.withLock { state in
                state.asked[line, default: 0] += 1
                return state.asked[line] ?? 0
            }
            guard request.path.hasPrefix(Self.prefix) else { return .answer(404, text: "Not Found") }
            if let reply = override(request, count) { return reply }
            return Self.answer(request, shared)
        }
    }

    /// The URL for IOCLOUD_API_URL.
    package var url: String { "http://\(server.host)" }

    /// The bodies of all accepted `POST /deploy` requests.
    package var deployed: [JSONValue] { state.state.withLock { $0.deployed } }

    /// Returns the number of requests for `METHOD /path`.
    package func count(_ line: String) -> Int { state.state.withLock { $0.asked[line] ?? 0 } }

    /// Adds a deployment as if it had been requested.
    package func add(name: String, id: String, status: String = "running") {
        state.state.withLock { state in
            state.names[id] = name
            state.statuses[id] = status
        }
    }

    /// Returns a response with a JSON document.
    package static func json(_ value: JSONValue, _ status: Int = 200) -> ServerReply {
        .answer(status, ["Content-Type": "application/json"], body: value.encoded())
    }

    private static func answer(_ request: ReceivedRequest, _ shared: Shared) -> ServerReply {
        guard request.headers["x-api-key"] == key else { return json(["detail": "Invalid API key"], 401) }
        let path = String(request.path.dropFirst(prefix.count))
        switch (request.method, path) {
        case ("GET", "/hardware/max-gpus-per-container"):
            return json([
                "data": [
                    "hardware": [
                        [
                            "hardware_id": 203, "hardware_name": "H100", "brand_name": "NVIDIA",
                            "max_gpus_per_container": 8, "available": 4,
                        ],
                        [
                            "hardware_id": 7, "hardware_name": "A100 PCIe", "brand_name": "NVIDIA",
                            "max_gpus_per_container": 4, "available": 4,
                        ],
                    ], "total": 2,
                ]
            ])
        case ("GET", "/available-replicas"):
            return json([
                "data": [
                    ["id": 9, "iso2": "DE", "name": "Frankfurt", "available_replicas": 2],
                    ["id": 4, "iso2": "US", "name": "Dallas", "available_replicas": 1],
                    ["id": 5, "iso2": "FR", "name": "Paris", "available_replicas": 0],
                ]
            ])
        case ("GET", "/price"):
            return json(["data": ["total_cost_usdc": .double(143.5), "available_replica_count": [1]]])
        case ("GET", "/clusters/check_cluster_name_availability"):
            let isTaken = shared.state.withLock { state in
                state.names.values.contains { request.target.hasSuffix("cluster_name=\($0)") }
            }
            return .answer(200, text: isTaken ? "false" : "true")
        case ("POST", "/deploy"):
            guard let body = try? JSONValue(parsing: request.body), let name = body["resource_private_name"]?.string
            else { return json(["detail": [["loc": ["body"], "msg": "Field required", "type": "missing"]]], 422) }
            let id = "00000000-0000-4000-8000-00000000000\(shared.state.withLock { $0.deployed.count })"
            shared.state.withLock { state in
                state.deployed.append(body)
                state.names[id] = name
                state.statuses[id] = "deployment requested"
            }
            return json(["status": "deployment requested", "deployment_id": .string(id)])
        case ("GET", "/deployments"):
            let rows = shared.state.withLock { state in
                state.names.sorted { $0.key < $1.key }.map { id, name in
                    ["id": .string(id), "name": .string(name), "status": .string(state.statuses[id] ?? "")] as JSONValue
                }
            }
            let wanted = request.target.contains("status=running") ? rows.filter { $0["status"] == "running" } : rows
            return json(["data": ["deployments": .array(wanted), "total": .integer(wanted.count)]])
        default: return deployment(request, path, shared)
        }
    }

    private static func deployment(_ request: ReceivedRequest, _ path: String, _ shared: Shared) -> ServerReply {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count >= 2, parts[0] == "deployment",
            let status = shared.state.withLock({ $0.statuses[parts[1]] })
        else { return json(["detail": "Not found"], 404) }
        switch (request.method, parts.count > 2 ? parts[2] : "") {
        case ("GET", ""):
            // Each request advances the status by one step.
            let next = ["deployment requested": "running", "termination requested": "destroyed"][status] ?? status
            shared.state.withLock { $0.statuses[parts[1]] = next }
            return json([
                "data": [
                    "id": .string(parts[1]), "status": .string(status), "compute_minutes_remaining": 355,
                    "created_at": "2026-01-02T03:04:05", "started_at": "2026-01-02T03:04:05", "amount_paid": "143.50",
                ]
            ])
        case ("GET", "containers"):
            let isRunning = status == "running"
            return json([
                "data": [
                    "total": 1,
                    "workers": [
                        [
                            "device_id": "d", "container_id": "c1", "status": isRunning ? "RUNNING" : "pending",
                            "public_url": isRunning ? "https://c1.example.org" : "",
                            "container_events": [["time": "2026-01-02T03:04:05", "message": "pulling the image"]],
                        ]
                    ],
                ]
            ])
        case ("DELETE", ""):
            shared.state.withLock { $0.statuses[parts[1]] = "termination requested" }
            return json(["status": "termination requested", "deployment_id": .string(parts[1])])
        default: return json(["detail": "Not found"], 404)
        }
    }
}
