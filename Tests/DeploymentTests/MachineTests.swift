import CloudSupport
import Deployment
import HTTP
import JSON
import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing

/// Tests of a run that several machines serve, one after the other.
@Suite struct MachineTests {
    private static let run = "demo-20260102-030405-00ff"

    @Test(
        arguments: [
            ("demo-20260102-030405-00ff", 1), ("demo-20260102-030405-00ff-2", 2), ("demo-20260102-030405-00ff-13", 13),
            ("demo-20260102-030405-00ff-1", nil), ("demo-20260102-030405-00ff-02", nil),
            ("demo-20260102-030405-00ff-x", nil), ("demo-20260102-030405-00ff-2-2", nil), ("demo", nil),
            ("other-20260102-030405-00ff", nil), ("demo-20260102-030405-00ff0", nil), ("", nil),
        ] as [(String, Int?)])
    func `a machine's name tells its run and its number`(name: String, number: Int?) throws {
        let run = try RunID(Self.run)
        #expect(MachineName(name, of: run)?.number == number)
        if let number { #expect(MachineName(run: run, number: number).description == name) }
        #expect(number == nil || MachineName(name)?.run == run)
    }

    @Test func `a second machine has a name of its own, and the ledger lists both`() async throws {
        let fixture = try DeploymentFixture()
        let double = try await IonetDouble()
        let ionet = try fixture.client(double)
        let deployer = fixture.deployer(ionet)
        var record = try await deployer.start(try await fixture.plan(ionet))
        record = try await deployer.destroy(try await deployer.follow(record))
        let name = try await deployer.nextName(of: record, to: "resume")
        #expect(name.description == "\(Self.run)-2")
        record = try await deployer.start(try await fixture.plan(ionet, name: name))
        #expect(record.machines.map(\.name) == [Self.run, "\(Self.run)-2"])
        #expect(record.machines.map(\.state) == [.destroyed, .deployed])
        #expect(try fixture.ledger.find("last") == record)
        #expect(double.deployed[1]["resource_private_name"]?.string == "\(Self.run)-2")
        #expect(double.deployed[1]["container_config"]?["env_variables"]?["RUN_ID"]?.string == Self.run)
        #expect(record.paidUSD == 287 && record.isPriceKnown)
    }

    @Test(arguments: ["running", "deployment requested", "termination requested", "something new", "Deploying"])
    func `a machine that is not over stands in the way`(status: String) async throws {
        let fixture = try DeploymentFixture()
        let double = try await IonetDouble { request, _ in
            request.path.hasSuffix("/deployment/x") ? IonetDouble.json(["id": "x", "status": .string(status)]) : nil
        }
        let deployer = fixture.deployer(try fixture.client(double))
        let record = RunRecord(run: try RunID(Self.run), created: "", bucket: nil)
        double.add(name: "\(Self.run)-3", id: "x", status: status)
        let error = await #expect(throws: DeploymentError.self) {
            try await deployer.requireNoMachine(of: record, to: "resume it")
        }
        #expect(error?.code == .refused)
        #expect(
            error?.description
                == "cannot resume it: its machine \(Self.run)-3 is not over, io.net says '\(status)', and may still write; "
                + "caasctl destroy \(Self.run) --force ends it")
        // The adopted machine is now in the ledger, and its number is not assigned again.
        let known = try fixture.ledger.find(Self.run)
        #expect(known.machines.map(\.isAdopted) == [true])
        #expect(try await deployer.nextName(of: known, to: "resume").number == 4)
    }

    @Test(arguments: ["completed", "FAILED", "destroyed", "Terminated"])
    func `a machine that is over does not`(status: String) async throws {
        let fixture = try DeploymentFixture()
        let double = try await IonetDouble()
        let deployer = fixture.deployer(try fixture.client(double))
        let record = RunRecord(run: try RunID(Self.run), created: "", bucket: nil)
        double.add(name: Self.run, id: "x", status: status)
        _ = try await deployer.requireNoMachine(of: record, to: "resume it")
    }

    @Test func `a machine that is not listed is believed gone only after three looks`() async throws {
        let fixture = try DeploymentFixture()
        // The answer was lost and the list lags behind: the third lookup finds the deployment.
        let double = try await IonetDouble { request, count in
            request.path.hasSuffix("/deployments") && count < 3 ? IonetDouble.json(["deployments": []]) : nil
        }
        let deployer = fixture.deployer(try fixture.client(double))
        let record = try lost(fixture)
        double.add(name: Self.run, id: "late")
        await #expect(throws: DeploymentError.self) {
            try await deployer.requireNoMachine(of: record, to: "resume it")
        }
        #expect(try fixture.ledger.find(Self.run).newest?.deployment == .string("late"))
    }

    private func lost(_ fixture: DeploymentFixture) throws -> RunRecord {
        let machine = MachineRecord(
            name: Self.run, created: "2026-01-02T03:04:05Z", target: "ionet", api: "http://127.0.0.1/", image: "",
            hardware: "H100",
            gpus: 8, hours: 6, priceUSD: 143.5, port: 8080)
        let record = RunRecord(
            run: try RunID(Self.run), created: "2026-01-02T03:04:05Z", bucket: nil, machines: [machine])
        try fixture.ledger.write(record)
        return record
    }

    @Test func `every machine that may cost something is ended, also one whose answer was lost`() async throws {
        let fixture = try DeploymentFixture()
        let double = try await IonetDouble()
        let deployer = fixture.deployer(try fixture.client(double))
        let record = try lost(fixture)
        double.add(name: Self.run, id: "first")
        double.add(name: "\(Self.run)-2", id: "elsewhere")
        double.add(name: "\(Self.run)0", id: "another-run")
        let ended = try await deployer.destroy(record)
        #expect(ended.machines.map(\.state) == [.destroyed, .destroyed])
        #expect(double.count("DELETE /deployment/first") == 1)
        #expect(double.count("DELETE /deployment/elsewhere") == 1)
        #expect(double.count("DELETE /deployment/another-run") == 0)
    }

    @Test func `a machine at another target is left to that one`() async throws {
        let fixture = try DeploymentFixture()
        let double = try await IonetDouble()
        let deployer = fixture.deployer(try fixture.client(double))
        var record = try lost(fixture)
        var other = MachineRecord(
            name: "\(Self.run)-9", created: "2026-01-02T04:04:05Z", target: "local", api: "local", image: "",
            hardware: "",
            gpus: 0, hours: nil, priceUSD: 0, port: 8080)
        other.state = .deployed
        other.deployment = "here"
        record.machines.append(other)
        try fixture.ledger.write(record)
        double.add(name: Self.run, id: "first")
        record = try await deployer.destroy(record)
        #expect(record.machines.map(\.state) == [.destroyed, .deployed])
        #expect(double.count("DELETE /deployment/here") == 0)
        _ = try await deployer.requireNoMachine(of: record, to: "resume it")
        #expect(try fixture.ledger.find(Self.run).machines.map(\.state) == [.destroyed, .deployed])
    }

    @Test func `one that cannot be ended keeps none of the others`() async throws {
        let fixture = try DeploymentFixture()
        let double = try await IonetDouble { request, _ in
            request.method == "DELETE" && request.path.hasSuffix("/b") ? IonetDouble.json(["detail": "no"], 400) : nil
        }
        let deployer = fixture.deployer(try fixture.client(double))
        double.add(name: Self.run, id: "a")
        double.add(name: "\(Self.run)-2", id: "b")
        let record = RunRecord(run: try RunID(Self.run), created: "", bucket: nil)
        let error = await #expect(throws: DeploymentError.self) { try await deployer.destroy(record) }
        #expect(error?.reason.contains("no") == true)
        #expect(try fixture.ledger.find(Self.run).machines.map(\.state) == [.destroyed, .deployed])
    }

    @Test func `a list that cannot be read is no empty list`() async throws {
        let fixture = try DeploymentFixture()
        let answers: [JSONValue] = [
            ["data": ["total": 0]], ["message": "maintenance"], ["deployments": [["name": .string(Self.run)]]],
        ]
        for answer in answers {
            let double = try await IonetDouble { request, _ in
                request.path.hasSuffix("/deployments") ? IonetDouble.json(answer) : nil
            }
            let deployer = fixture.deployer(try fixture.client(double))
            let record = RunRecord(run: try RunID(Self.run), created: "", bucket: nil)
            let error = await #expect(throws: DeploymentError.self) { try await deployer.destroy(record) }
            #expect(error?.code == .unexpectedAnswer)
        }
    }

    @Test(arguments: [0, 1]) func `pages may count from 0 or from 1`(first: Int) async throws {
        let fixture = try DeploymentFixture()
        let double = try await IonetDouble { request, _ in
            guard request.path.hasSuffix("/deployments") else { return nil }
            let asked = request.target.firstMatch(of: #/[?&]page=(\d+)/#).flatMap { Int($0.1) } ?? first
            let rows = (0..<250).dropFirst((asked - first) * 100).prefix(100)
            return IonetDouble.json(["deployments": .array(rows.map { ["id": .integer($0), "status": "running"] })])
        }
        #expect(try await fixture.client(double).deployments().map(\.id) == (0..<250).map { .integer($0) })
    }

    @Test func `the budget is the run's, not the machine's`() async throws {
        let fixture = try DeploymentFixture()
        let double = try await IonetDouble()
        let plan = try await fixture.plan(try fixture.client(double))
        try Deployer.check(plan, budgetUSD: 287, paidUSD: 143.5)
        let error = #expect(throws: DeploymentError.self) { try Deployer.check(plan, budgetUSD: 150, paidUSD: 143.5) }
        #expect(
            error?.reason
                == "8 H100 for 6 h cost 143.50 USD, the run's earlier machines cost 143.50 USD, and budget_usd is 150.00 USD"
        )
    }

    @Test func `two that note machines of one run at once lose none`() async throws {
        let fixture = try DeploymentFixture()
        let double = try await IonetDouble()
        let deployer = fixture.deployer(try fixture.client(double))
        let record = RunRecord(run: try RunID(Self.run), created: "", bucket: nil)
        for number in 1...8 {
            double.add(name: MachineName(run: record.run, number: number).description, id: "m\(number)")
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 { group.addTask { _ = try await deployer.reconciled(record) } }
            try await group.waitForAll()
        }
        #expect(try fixture.ledger.find(Self.run).machines.compactMap(\.deployment).count == 8)
    }
}
