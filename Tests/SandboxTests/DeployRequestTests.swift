import JSON
import Secrets
import Testing

@testable import Sandbox

struct DeployRequestTests {
    /// A body as io.net documents it.
    static let good: JSONValue = [
        "resource_private_name": "demo-1", "duration_hours": 6, "gpus_per_container": 8, "hardware_id": 1,
        "location_ids": [1],
        "container_config": [
            "replica_count": 1, "traffic_port": 8000, "entrypoint": ["/bin/sh", "-c", "true"], "args": ["dropped"],
            "env_variables": ["A": "1"], "secret_env_variables": ["B_KEY": "secret-value"],
        ],
        "registry_config": ["image_url": "127.0.0.1:1/a:1", "registry_username": "me", "registry_secret": "pw"],
    ]

    @Test func `a documented body is taken, but for its args`() throws {
        let request = try DeployRequest(body: Self.good.encoded())
        #expect(request.name == "demo-1")
        #expect(request.hardware.name == "H100")
        #expect(request.entrypoint == ["/bin/sh", "-c", "true"])
        #expect(request.environment == ["A": "1"])
        #expect(request.secrets["B_KEY"]?.unredacted == "secret-value")
        #expect(request.registryUsername == "me")
        #expect(!"\(request)".contains("secret-value"))
    }

    @Test func `ids go as number or as text, places as a country too`() throws {
        var body = Self.good
        body["hardware_id"] = "2"
        body["gpus_per_container"] = 1
        body["location_ids"] = ["US"]
        let request = try DeployRequest(body: body.encoded())
        #expect(request.hardware.name == "CPU")
        #expect(request.locations.map(\.id) == [1])
    }

    @Test(
        arguments: [
            (["resource_private_name"], nil, "missing"),
            (["resource_private_name"], "", "string_too_short"),
            (["resource_private_name"], 5, "string_type"),
            (["duration_hours"], nil, "missing"),
            (["duration_hours"], "6", "int_type"),
            (["duration_hours"], true, "int_type"),
            (["duration_hours"], .number("1.5"), "int_type"),
            (["duration_hours"], 0, "greater_than_equal"),
            (["gpus_per_container"], nil, "missing"),
            (["gpus_per_container"], 9, "value_error"),
            (["hardware_id"], nil, "missing"),
            (["hardware_id"], [], "int_type"),
            (["hardware_id"], 999, "value_error"),
            (["location_ids"], nil, "missing"),
            (["location_ids"], 1, "list_type"),
            (["location_ids"], [], "too_short"),
            (["location_ids"], [77], "value_error"),
            (["container_config"], nil, "missing"),
            (["container_config"], "x", "model_attributes_type"),
            (["container_config", "replica_count"], nil, "missing"),
            (["container_config", "replica_count"], 5, "less_than_equal"),
            (["container_config", "traffic_port"], nil, "missing"),
            (["container_config", "traffic_port"], 65536, "less_than_equal"),
            (["container_config", "entrypoint"], "/bin/sh", "list_type"),
            (["container_config", "entrypoint"], ["/bin/sh", 1], "string_type"),
            (["container_config", "args"], "x", "list_type"),
            (["container_config", "command"], 1, "string_type"),
            (["container_config", "env_variables"], [], "dict_type"),
            (["container_config", "env_variables"], ["A": 1], "string_type"),
            (["container_config", "secret_env_variables"], ["A": .null], "string_type"),
            (["container_config", "secret_env"], [:], "extra_forbidden"),
            (["registry_config"], nil, "missing"),
            (["registry_config", "image_url"], nil, "missing"),
            (["registry_config", "registry_secret"], 1, "string_type"),
            (["surprise"], 1, "extra_forbidden"),
        ] as [([String], JSONValue?, String)])
    func `a wrong body is refused as FastAPI refuses it`(path: [String], value: JSONValue?, kind: String) throws {
        var body = Self.good
        if path.count == 1 {
            body[path[0]] = value
        } else {
            var inner = body[path[0]] ?? [:]
            inner[path[1]] = value
            body[path[0]] = inner
        }
        let failure = try #require(throws: ValidationFailure.self) { try DeployRequest(body: body.encoded()) }
        let issue = try #require(failure.issues.first)
        #expect(failure.issues.count == 1)
        #expect(issue.kind == kind)
        #expect(issue.location.starts(with: [.string("body")] + path.map(JSONValue.string)))
        #expect(!issue.message.isEmpty)
    }

    @Test func `every fault is told at once`() throws {
        let failure = try #require(throws: ValidationFailure.self) { try DeployRequest(body: Array("{}".utf8)) }
        #expect(failure.issues.count == 7)
        #expect(failure.issues.allSatisfy { $0.kind == "missing" && $0.message == "Field required" })
        let broken = try #require(throws: ValidationFailure.self) { try DeployRequest(body: Array("{".utf8)) }
        #expect(broken.issues.map(\.kind) == ["json_invalid"])
    }
}
