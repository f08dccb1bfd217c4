import CloudSupport
import Deployment
import HTTP
import JSON
import POSIX
import RunContract
import Secrets
import SystemPackage
import TestSupport
import Testing

@Suite struct DeployerTests {
    private func isDeploy(_ request: ReceivedRequest) -> Bool { request.line.hasSuffix("POST /deploy") }

    @Test func `a run is asked for once and followed until it can be reached`() async throws {
        let fixture = try DeploymentFixture()
        let double = try await IonetDouble()
        let ionet = try fixture.client(double)
        let said = SaidLines()
        let deployer = fixture.deployer(ionet, said)
        let plan = try await fixture.plan(ionet)
        let record = try await deployer.follow(try await deployer.start(plan))
        #expect(record.newest?.state == .deployed)
        #expect(record.newest?.publicURL == "https://c1.example.org")
        #expect(try fixture.ledger.find("last") == record)
        #expect(double.deployed.count == 1)
        #expect(said.all.first?.hasPrefix("deployment: ") == true)
        #expect(said.all.suffix(2) == ["container: pulling the image", "container: running"])
    }

    @Test func `the intent is on the disk before the request, and no secret ever`() async throws {
        let fixture = try DeploymentFixture()
        let ledger = fixture.ledger
        let seen = SaidLines()
        let double = try await IonetDouble { request, _ in
            guard request.method == "POST" else { return nil }
            seen.add((try? ledger.find("last").newest?.state.rawValue) ?? "nothing")
            return nil
        }
        let ionet = try fixture.client(double)
        let plan = try await fixture.plan(ionet)
        let record = try await fixture.deployer(ionet).start(plan)
        #expect(seen.all == ["intent"])
        let file = fixture.ledger.folder.appending("\(record.run).json")
        #expect(try FileStatus(file).mode == 0o600)
        let text = String(decoding: try FileSystem.read(file), as: UTF8.self)
        for secret in Array(DeploymentFixture.secrets.values) + [fixture.key.token(of: record.run).unredacted] {
            #expect(!text.contains(secret))
        }
        #expect(!text.contains(IonetDouble.key))
    }

    @Test(arguments: ["closed", "gateway", "empty", "nonsense"])
    func `a lost answer is found again by the run's name, and nothing is asked twice`(how: String) async throws {
        let fixture = try DeploymentFixture()
        let holder = DoubleHolder()
        let double = try await IonetDouble { request, _ in
            guard request.method == "POST" else { return nil }
            // The server accepted the request; only its answer is lost.
            let name = (try? JSONValue(parsing: request.body))?["resource_private_name"]?.string ?? ""
            holder.double?.add(name: "other", id: "a")
            holder.double?.add(name: name, id: "b")
            switch how {
            case "closed": return .close
            case "gateway": return .answer(504, text: "<html>Gateway Timeout</html>")
            case "empty": return .answer(200)
            default: return .answer(200, text: "done!")
            }
        }
        holder.double = double
        let ionet = try fixture.client(double)
        let record = try await fixture.deployer(ionet).start(try await fixture.plan(ionet))
        #expect(record.newest?.deployment == .string("b"))
        #expect(record.newest?.state == .deployed)
        #expect(double.count("POST /deploy") == 1)
    }

    @Test func `a lost answer that stays lost leaves an intent that is found later`() async throws {
        let fixture = try DeploymentFixture()
        let double = try await IonetDouble { request, _ in request.method == "POST" ? .close : nil }
        let ionet = try fixture.client(double)
        let deployer = fixture.deployer(ionet)
        let plan = try await fixture.plan(ionet)
        let error = await #expect(throws: DeploymentError.self) { try await deployer.start(plan) }
        #expect(error?.code == .lostAnswer)
        #expect(error?.reason.hasSuffix("caasctl status \(plan.run) looks once more") == true)
        #expect(double.count("POST /deploy") == 1)
        let record = try fixture.ledger.find("last")
        #expect(record.newest?.state == .intent)
        #expect(try await deployer.reconciled(record).newest?.state == .intent)
        double.add(name: plan.run.description, id: "late")
        #expect(try await deployer.reconciled(record).newest?.deployment == .string("late"))
        #expect(try fixture.ledger.find("last").newest?.state == .deployed)
    }

    @Test func `a deployment that was taken is never called refused`() async throws {
        let fixture = try DeploymentFixture()
        let double = try await IonetDouble { request, _ in
            if request.method == "POST" { return IonetDouble.json(["status": "deployment requested"]) }
            return request.path.hasSuffix("/deployments") ? .answer(503, text: "later") : nil
        }
        let ionet = try fixture.client(double)
        let deployer = fixture.deployer(ionet)
        let plan = try await fixture.plan(ionet)
        let error = await #expect(throws: DeploymentError.self) { try await deployer.start(plan) }
        #expect(error?.code == .lostAnswer)
        #expect(try fixture.ledger.find("last").newest?.state == .intent)
    }

    @Test func `an API that is away for a moment does not end the following`() async throws {
        let fixture = try DeploymentFixture()
        let double = try await IonetDouble { request, count in
            request.path.contains("/deployment/") && count <= 2 ? .close : nil
        }
        let ionet = try IonetClient(url: double.url, key: Secret(IonetDouble.key), retries: .never)
        let deployer = fixture.deployer(ionet)
        let record = try await deployer.follow(try await deployer.start(try await fixture.plan(ionet)))
        #expect(record.newest?.publicURL == "https://c1.example.org")
    }

    @Test func `a refusal is kept, and what it repeats of the request is not shown`() async throws {
        let fixture = try DeploymentFixture()
        let double = try await IonetDouble { request, _ in
            guard request.method == "POST" else { return nil }
            return IonetDouble.json(["detail": "bad value bucket-secret-value for me"], 400)
        }
        let ionet = try fixture.client(double)
        let deployer = fixture.deployer(ionet)
        let plan = try await fixture.plan(ionet)
        let error = await #expect(throws: DeploymentError.self) { try await deployer.start(plan) }
        #expect(
            error?.description
                == "cannot deploy demo-20260102-030405-00ff: the API answered 400: bad value <redacted> for me")
        #expect(try fixture.ledger.find("last").newest?.state == .refused)
    }

    @Test func `credits that lack are named`() async throws {
        let double = try await IonetDouble { request, _ in
            request.method == "POST" ? IonetDouble.json(["status": "payment_required", "payment": [:]]) : nil
        }
        let fixture = try DeploymentFixture()
        let ionet = try fixture.client(double)
        let plan = try await fixture.plan(ionet)
        let deployer = fixture.deployer(ionet)
        let error = await #expect(throws: DeploymentError.self) { try await deployer.start(plan) }
        #expect(error?.reason == "io.net wants a payment first: there are not enough credits")
        #expect(try fixture.ledger.find("last").newest?.state == .refused)
    }

    @Test func `an API that is not there was asked for nothing`() async throws {
        let fixture = try DeploymentFixture()
        let double = try await IonetDouble()
        let plan = try await fixture.plan(fixture.client(double))
        let ionet = try IonetClient(
            url: "http://127.0.0.1:\(FreePort.find(1)[0])", key: Secret(IonetDouble.key), retries: .never)
        let deployer = fixture.deployer(ionet)
        let error = await #expect(throws: DeploymentError.self) { try await deployer.start(plan) }
        #expect(error?.code == .unreachable)
    }

    @Test func `a deployment that fails says why`() async throws {
        let double = try await IonetDouble { request, _ in
            if request.path.hasSuffix("/containers") {
                return IonetDouble.json([
                    "workers": [
                        ["container_id": "c", "status": "failed", "container_events": [["message": "unauthorized"]]]
                    ]
                ])
            }
            return request.line.contains("GET") && request.path.contains("/deployment/")
                ? IonetDouble.json(["id": "x", "status": "FAILED"]) : nil
        }
        let fixture = try DeploymentFixture()
        let ionet = try fixture.client(double)
        let deployer = fixture.deployer(ionet)
        let record = try await deployer.start(try await fixture.plan(ionet))
        let error = await #expect(throws: DeploymentError.self) { try await deployer.follow(record) }
        #expect(error?.reason == "its deployment is FAILED: unauthorized")
    }

    @Test func `a machine is given back only once the provider says so`() async throws {
        let fixture = try DeploymentFixture()
        let double = try await IonetDouble()
        let ionet = try fixture.client(double)
        let deployer = fixture.deployer(ionet)
        let record = try await deployer.follow(try await deployer.start(try await fixture.plan(ionet)))
        #expect(try await deployer.destroy(record).newest?.state == .destroyed)
        #expect(try fixture.ledger.find("last").newest?.state == .destroyed)
        #expect(double.server.requests.last?.target.contains("/deployments?page_size=100") == true)
    }

    @Test func `a machine that stays is said to stay`() async throws {
        let fixture = try DeploymentFixture()
        let double = try await IonetDouble { request, _ in
            request.method == "DELETE" ? IonetDouble.json(["status": "termination requested"]) : nil
        }
        let ionet = try fixture.client(double)
        let deployer = fixture.deployer(ionet)
        let record = try await deployer.start(try await fixture.plan(ionet))
        let error = await #expect(throws: DeploymentError.self) { try await deployer.destroy(record) }
        #expect(error?.reason.contains("io.net still says 'running'") == true)
        #expect(try fixture.ledger.find("last").newest?.state == .deployed)
    }

    /// Gives a double's override access to the double itself.
    private final class DoubleHolder: @unchecked Sendable {
        // Written once, before the first request arrives.
        var double: IonetDouble?
    }
}
