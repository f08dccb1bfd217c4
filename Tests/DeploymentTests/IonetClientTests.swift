import CloudSupport
import Definitions
import Deployment
import HTTP
import JSON
import Secrets
import Synchronization
import TestSupport
import Testing
import Timestamps

@Suite struct IonetClientTests {
    @Test(arguments: [
        (
            "https://api.io.solutions", "sandbox-1",
            "IOCLOUD_API_KEY is a sandbox's key, which is for this machine alone"
        ),
        ("https://127.0.0.1.example.org", "sandbox-1", "IOCLOUD_API_KEY is a sandbox's key"),
        ("http://api.io.solutions", "key", "plain HTTP would show the key to others; use https"),
        ("ftp://api.io.solutions", "key", "'ftp' is neither http nor https"),
        ("https://api.io.solutions", "", "IOCLOUD_API_KEY holds a space or is empty"),
        ("https://api.io.solutions", "a b", "IOCLOUD_API_KEY holds a space or is empty"),
    ])
    func `a key goes only where it may`(url: String, key: String, reason: String) {
        let error = #expect(throws: DeploymentError.self) { try IonetClient(url: url, key: Secret(key)) }
        #expect(error?.description.contains(reason) == true)
        #expect(error?.description.contains("sandbox-1") == false)
    }

    @Test(arguments: [
        ("https://api.io.solutions", "https://api.io.solutions/enterprise/v1/io-cloud/caas"),
        ("https://api.io.solutions/", "https://api.io.solutions/enterprise/v1/io-cloud/caas"),
        ("https://proxy.example.org/ionet//", "https://proxy.example.org/ionet/enterprise/v1/io-cloud/caas"),
    ])
    func `the address is put before the path`(url: String, base: String) throws {
        #expect(try IonetClient(url: url, key: Secret("key")).base.text == base)
    }

    @Test func `the key is sent as the API wants it, and nowhere else`() async throws {
        let double = try await IonetDouble()
        _ = try await DeploymentFixture().client(double).hardware()
        let request = try #require(double.server.requests.first)
        #expect(request.headers["x-api-key"] == IonetDouble.key)
        #expect(request.headers["Authorization"] == nil)
        #expect(!request.target.contains(IonetDouble.key))
    }

    @Test func `a redirect is not followed with the key`() async throws {
        let other = try await LoopbackServer { _ in .answer(200, text: "{}") }
        let double = try await IonetDouble { _, _ in .answer(302, ["Location": "http://\(other.host)/x"]) }
        await #expect(throws: DeploymentError.self) { try await DeploymentFixture().client(double).hardware() }
        #expect(other.requests.isEmpty)
    }

    private struct Refusal: Sendable {
        let status: Int
        let type: String
        let body: String
        let says: String

        init(_ status: Int, _ body: String, type: String = "application/json", says: String) {
            self.status = status
            self.type = type
            self.body = body
            self.says = says
        }
    }

    private static let refusals = [
        Refusal(
            422,
            #"{"detail":[{"loc":["body","duration_hours"],"msg":"Input should be greater than or equal to 1","type":"x","input":"registry-secret-value"},{"loc":["body","container_config","env_variables",0],"msg":"Field required","type":"missing"}]}"#,
            says: "the API answered 422: duration_hours: Input should be greater than or equal to 1; "
                + "container_config.env_variables.0: Field required"),
        Refusal(422, #"{"detail":"No replicas\n are left"}"#, says: "the API answered 422: No replicas are left"),
        Refusal(400, #"{"message":"bad"}"#, says: "the API answered 400: bad"),
        Refusal(400, #"{"error":{"message":"worse"}}"#, says: "the API answered 400: worse"),
        Refusal(400, "nonsense", says: "the API answered 400"),
        Refusal(
            401, #"{"detail":"Invalid API key"}"#,
            says: "the API answered 401: the key in IOCLOUD_API_KEY is not accepted; "
                + "it must be made for the project io-cloud (Invalid API key)"),
        Refusal(
            403, "<!DOCTYPE html><html>Cloudflare</html>", type: "text/html; charset=utf-8",
            says: "the API answered 403 with a web page instead of JSON; something stands between: "
                + "a wrong IOCLOUD_API_URL, or a network that the API does not serve"),
        Refusal(
            200, "\n <html>", type: "application/json",
            says: "the API answered 200 with a web page instead of JSON; something stands between: "
                + "a wrong IOCLOUD_API_URL, or a network that the API does not serve"),
        Refusal(200, "[", says: "the API answered 200 with something that is not JSON"),
        Refusal(
            402, #"{"detail":"Top up"}"#, says: "the API answered 402: there are not enough credits (Top up)"),
    ]

    @Test(arguments: refusals) private func `a refusal becomes one line`(refusal: Refusal) async throws {
        let double = try await IonetDouble { _, _ in
            .answer(refusal.status, ["Content-Type": refusal.type], text: refusal.body)
        }
        let client = try DeploymentFixture().client(double)
        let error = await #expect(throws: DeploymentError.self) { try await client.hardware() }
        #expect(error?.description == "cannot list io.net's hardware: \(refusal.says)")
    }

    @Test func `a passing failure is asked again, a lasting one is not`() async throws {
        let passing = try await IonetDouble { _, count in count < 3 ? .answer(503, text: "later") : nil }
        #expect(try await DeploymentFixture().client(passing).hardware().count == 2)
        let lasting = try await IonetDouble { _, _ in .answer(404, text: "{}") }
        await #expect(throws: DeploymentError.self) { try await DeploymentFixture().client(lasting).hardware() }
        #expect(lasting.server.requests.count == 1)
    }

    @Test(arguments: [
        #"{"data":{"hardware":[{"hardware_id":203,"hardware_name":"H100"}],"total":1}}"#,
        #"{"data":[{"hardware_id":203,"hardware_name":"H100"}]}"#,
        #"[{"hardware_id":203,"hardware_name":"H100"}]"#,
        #"{"hardware":[{"hardware_id":203,"hardware_name":"H100"}]}"#,
        #"{"data":{"rows":{"nvidia":[{"hardware_id":203,"hardware_name":"H100"}]}}}"#,
    ])
    func `the envelope of the catalogue may move`(body: String) async throws {
        let double = try await IonetDouble { _, _ in .answer(200, text: body) }
        let rows = try await DeploymentFixture().client(double).hardware()
        #expect(rows.map(\.id) == [.number("203")])
        #expect(rows.map(\.name) == ["H100"])
    }

    @Test(arguments: [JSONValue.number("203"), .string("203"), .string("8H100.80S.176V__FI")])
    func `ids go back as they came`(id: JSONValue) async throws {
        let catalogue: JSONValue = ["data": [["hardware_id": id, "hardware_name": "H100", "brand_name": "NVIDIA"]]]
        let places: JSONValue = ["data": [["id": id, "iso2": "US", "available_replicas": "3"]]]
        let sent = Mutex<JSONValue?>(nil)
        let double = try await IonetDouble { request, _ in
            switch request.line.split(separator: "/").last {
            case "max-gpus-per-container": return IonetDouble.json(catalogue)
            case "available-replicas": return IonetDouble.json(places)
            case "price": return IonetDouble.price
            case "deploy":
                sent.withLock { $0 = try? JSONValue(parsing: request.body) }
                return IonetDouble.json(["status": "deployment requested", "deployment_id": "d"])
            default: return nil
            }
        }
        let fixture = try DeploymentFixture()
        let ionet = try fixture.client(double)
        let plan = try await fixture.plan(ionet)
        _ = try await fixture.deployer(ionet).start(plan)
        let body = try #require(sent.withLock { $0 })
        #expect(body["hardware_id"] == id)
        #expect(body["location_ids"] == [id])
        let price = try #require(double.server.requests.first { $0.path.hasSuffix("/price") })
        let places64 = id.string.map { "%5B%22\($0)%22%5D" } ?? "%5B203%5D"
        #expect(
            price.target.hasSuffix(
                "/price?location_ids=\(places64)&hardware_id=\(id.string ?? "203")&duration_hours=6"
                    + "&gpus_per_container=8&replica_count=1"))
    }

    @Test func `statuses, dates and amounts are read leniently`() async throws {
        let body = #"{"id":12,"status":"Termination Requested","started_at":"2026-01-02T03:04:05","amount_paid":"1.5"}"#
        let double = try await IonetDouble { _, _ in .answer(200, text: body) }
        let deployment = try #require(try await DeploymentFixture().client(double).deployment(.number("12")))
        #expect(deployment.id == .number("12"))
        #expect(deployment.status.isGone)
        #expect(deployment.started?.description == "2026-01-02T03:04:05Z")
        #expect(deployment.paidUSD == 1.5)
        let unknown = try await IonetDouble { _, _ in .answer(200, text: #"{"id":"x","status":"UPDATE REQUESTED"}"#) }
        let other = try #require(try await DeploymentFixture().client(unknown).deployment(.string("x")))
        #expect(other.status.description == "UPDATE REQUESTED")
        #expect(!other.status.isOver && !other.status.isGone && !other.status.isFailed)
    }

    @Test func `every page of the list is read`() async throws {
        let double = try await IonetDouble { request, _ in
            guard request.path.hasSuffix("/deployments") else { return nil }
            let page = Int(request.target.firstMatch(of: #/[?&]page=(\d+)/#)?.1 ?? "0") ?? 0
            let rows = (page * 100..<min(page * 100 + 100, 230)).map {
                ["id": .integer($0), "status": "x"] as JSONValue
            }
            return IonetDouble.json(["data": ["deployments": .array(rows), "total": 230]])
        }
        #expect(try await DeploymentFixture().client(double).deployments().count == 230)
        // A server that ignores `page` must not cause an endless loop.
        let stuck = try await IonetDouble { _, _ in
            IonetDouble.json(["deployments": .array((0..<100).map { ["id": .integer($0), "status": "x"] })])
        }
        #expect(try await DeploymentFixture().client(stuck).deployments().count == 100)
    }

    @Test(arguments: [
        ("true", true), ("false", false), (#"{"data":false}"#, false), (#"{"data":{"available":false}}"#, false),
    ])
    func `a name is free or not`(body: String, isFree: Bool) async throws {
        let double = try await IonetDouble { _, _ in .answer(200, text: body) }
        #expect(try await DeploymentFixture().client(double).isFree(name: "a") == isFree)
    }
}
