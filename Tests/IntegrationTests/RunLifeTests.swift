import HTTP
import JSON
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests of a run that outlives its machines and the computer that started it, in a sandbox.
@Suite(.serialized, .timeLimit(.minutes(60)))
struct RunLifeTests {
    /// A program that trains one step every half second and serves the result.
    private static let program = #"""
        name: tiny
        data: /data/tiny
        requires: [STEPS]
        stages:
          - name: base
            run: [/train]
            resume: ["--resume=${RESUME_STEP}"]
            checkpoints:
              {root: ck, step: 'model_(\d+)\.bin', complete: ["model_{step}.bin", "meta_{step}.json"], settle: 1s}
        artifacts: [{from: final, into: model}]
        metrics: [{line: "loss:", match: 'step (?<step>\d+)/\d+ loss: (?<loss>[\d.]+)'}]
        serve:
          run: [httpd, -f, -p, "127.0.0.1:${SERVE_PORT}", -h, "${DATA}/final"]
          ready: /model.bin
          public: true
        """#

    private static let tuning = #"""
        name: tuning
        data: /data/tuning
        requires: [BASE_RUN]
        inputs: [{run: "${BASE_RUN}", artifact: model, into: base}]
        stages: [{name: tune, run: [sh, -c, 'mkdir -p ${DATA}/out && cp ${DATA}/base/model.bin ${DATA}/out/tuned.bin']}]
        artifacts: [{from: out, into: tuned}]
        """#

    private struct User {
        let sandbox: TestSandbox
        let project: TemporaryFolder
        /// The home folder of caasctl on one of the user's computers.
        let home: String

        func caasctl(_ arguments: String..., changes: [String: String?] = [:]) async throws -> Command.Outcome {
            var environment: [String: String?] = try await sandbox.environment()
            environment["CAASCTL_HOME"] = project(home).string
            environment["DOCKER_CONFIG"] = project("docker").string
            environment.merge(changes) { $1 }
            return try await Command(
                Checkout.program("caasctl"), arguments, environment: environment, in: project.path
            ).run()
        }

        @discardableResult
        func succeed(_ arguments: [String]) async throws -> String {
            var environment: [String: String?] = try await sandbox.environment()
            environment["CAASCTL_HOME"] = project(home).string
            environment["DOCKER_CONFIG"] = project("docker").string
            let outcome = try await Command(
                Checkout.program("caasctl"), arguments, environment: environment, in: project.path
            ).run()
            #expect(outcome.status == 0, "caasctl \(arguments.joined(separator: " ")): \(outcome.errors)")
            return String(outcome.output.split(separator: "\n").last ?? "")
        }

        /// Waits until the JSON of `caasctl status` satisfies `isThere`.
        func wait(for run: String, _ isThere: (JSONValue) -> Bool) async throws {
            var last = ""
            let found = try await eventually(within: 240, every: 0.5) { () -> Bool? in
                last = try await caasctl("status", run, "--json").output
                return isThere(try JSONValue(parsing: last)) ? true : nil
            }
            #expect(found == true, "\(last)")
        }
    }

    private func user(of sandbox: TestSandbox, _ home: String, in project: TemporaryFolder) -> User {
        User(sandbox: sandbox, project: project, home: home)
    }

    private func write(_ project: TemporaryFolder) async throws {
        try FileSystem.makeFolder(project("images/tiny/files/bin"))
        let busybox = try await Busybox.path().string
        try await Command("cp", ["--dereference", busybox, project("images/tiny/files/bin/busybox").string]).succeed()
        for name in ["sh", "sleep", "httpd", "cp", "mkdir", "env", "cat"] {
            try FileSystem.makeSymbolicLink(project("images/tiny/files/bin/\(name)"), to: "busybox")
        }
        try project.write("images/tiny/files/train", Trainer.script, mode: 0o755)
        for name in ["tiny", "tuning"] {
            try project.write(
                "images/\(name)/image.yaml",
                """
                name: \(name)
                base: scratch
                layers: [{files: {from: ../tiny/files, into: /, mode: keep}}]
                program: \(name)
                environment: {PATH: /bin, DELAY: "0.5"}
                """)
            try project.write(
                "manifests/\(name).yaml",
                """
                name: \(name)
                target: ionet
                image: \(name)
                repository: "${CAASCTL_REGISTRY}/\(name)"
                resources: {gpu: CPU, gpus: 1, locations: [US], hours: 1}
                environment: {STEPS: "${STEPS:-400}", BASE_RUN: "${BASE_RUN:-none}"}
                secrets: [R2_ACCESS_KEY_ID, R2_SECRET_ACCESS_KEY]
                """)
        }
        try project.write("entrypoints/tiny.yaml", Self.program)
        try project.write("entrypoints/tuning.yaml", Self.tuning)
        // `deploy tiny` means the manifest, even where a folder has the same name.
        try FileSystem.makeFolder(project("tiny"))
    }

    @Test func `a run goes on elsewhere, is served, and is found by another computer`() async throws {
        try await TestSandbox.run { sandbox in
            let project = try TemporaryFolder()
            try await write(project)
            let here = user(of: sandbox, "here", in: project)
            let registry = try await sandbox.environment()["CAASCTL_REGISTRY"] ?? ""
            for name in ["tiny", "tuning"] {
                try await here.succeed(["build", name, "--tag", "\(registry)/\(name):latest", "--push"])
            }
            let run = try await here.succeed(["deploy", "tiny", "--yes", "--detach"])
            try await here.wait(for: run) { ($0["status"]?["checkpoints"]?.array?.count ?? 0) > 2 }
            try await expectRefused(run, here)
            let steps = try await expectStarts(run, on: here)
            try await expectServes("\(run) weights of step \(steps)\n", of: run, on: here)
            try await expectFound(run, by: user(of: sandbox, "elsewhere", in: project))
            try await expectTuned("\(run) weights of step \(steps)\n", from: run, on: here)
        }
    }

    /// Checks that a run whose machine still runs is refused, and that nothing of it changes.
    private func expectRefused(_ run: String, _ user: User) async throws {
        let resumed = try await user.caasctl("resume", run, "--yes", "--force")
        #expect(resumed.status == 1 && resumed.output.isEmpty)
        #expect(
            resumed.errors
                == "Error: cannot resume \(run): its machine \(run) is not over, io.net says 'running', and may still "
                + "write; caasctl destroy \(run) --force ends it\n")
        let served = try await user.caasctl("serve", run, "--yes")
        #expect(served.status == 1)
        #expect(
            served.errors.hasPrefix(
                "Error: cannot serve \(run): its model is not complete: there is no complete.json in its bucket; it is in "
                    + "phase stages"))
        let tuned = try await user.caasctl("deploy", "tuning", "--yes", changes: ["BASE_RUN": run])
        #expect(tuned.status == 1)
        #expect(
            tuned.errors.hasSuffix(
                "Error: cannot take artifact 'model' of run \(run): it is not complete: there is no \(run)/complete.json "
                    + "in the bucket\n"))
    }

    /// Returns the final number of steps: three more than the first machine reached.
    private func expectStarts(_ run: String, on user: User) async throws -> Int {
        try await user.succeed(["destroy", run, "--force"])
        let report = try JSONValue(parsing: try await user.caasctl("status", run, "--json").output)
        let newest = report["status"]?["checkpoints"]?.array?.last?.string ?? ""
        let steps = (Int(newest.split(separator: "/").last ?? "") ?? 0) + 3
        #expect(steps > 5)
        // The machine is gone, so that the status in the bucket is its last one.
        let status = try await user.caasctl("status", run)
        #expect(status.output.contains("deployment   destroyed ("), "\(status.output)")
        let plan = try await user.caasctl("resume", "last", "--dry-run", "--set", "resources.hours=12")
        #expect(plan.status == 0, "\(plan.errors)")
        #expect(plan.errors.contains("run      \(run), on its machine \(run)-2\n"))
        let request = try JSONValue(parsing: plan.output)
        #expect(request["resource_private_name"]?.string == "\(run)-2" && request["duration_hours"] == 12)
        #expect(request["container_config"]?["env_variables"]?["RUN_ID"]?.string == run)
        #expect(
            try await user.succeed(["resume", "tiny", "--yes", "--detach", "--set", "environment.STEPS=\(steps)"])
                == run)
        try await user.wait(for: run) { $0["complete"]?["run"]?.string == run }
        let log = try await user.caasctl("logs", run)
        #expect(log.output.contains("caas: restored checkpoint base/"), "\(log.output)")
        let again = try await user.caasctl("resume", run, "--yes")
        #expect(
            again.errors
                == "Error: cannot resume \(run): attempt 2 completed it, so nothing is to be trained; caasctl serve \(run) "
                + "serves its model, caasctl fetch \(run) DIR takes it\n")
        try await user.succeed(["destroy", run])
        return steps
    }

    private func expectServes(_ weights: String, of run: String, on user: User) async throws {
        #expect(try await user.succeed(["serve", run, "--yes", "--detach"]) == run)
        var url = ""
        try await user.wait(for: run) { report in
            url = report["public_url"]?.string ?? ""
            return report["status"]?["phase"] == "serve" && !url.isEmpty
        }
        let served = try await eventually(within: 120) { () -> String? in
            let answer = try? await user.sandbox.get("\(url)/model.bin")
            return answer?.status == 200 ? String(decoding: answer?.body ?? [], as: UTF8.self) : nil
        }
        #expect(served == weights)
    }

    /// Checks that a user with the same keys and bucket but an empty ledger finds the run.
    private func expectFound(_ run: String, by user: User) async throws {
        let runs = try await user.caasctl("runs")
        #expect(runs.status == 0 && runs.errors.isEmpty, "\(runs.errors)")
        #expect(
            runs.output.contains(
                try Regex("(?m)^RUN +PHASE +MACHINE +UPDATED +COST +KNOWN TO$")), "\(runs.output)")
        #expect(
            runs.output.contains(try Regex("(?m)^\(run) +serve +running +20[0-9TZ:-]+ +- +bucket, io.net$")),
            "\(runs.output)")
        let status = try await user.caasctl("status", "tiny")
        #expect(status.status == 0 && status.output.contains("run          \(run)\n"), "\(status.errors)")
        #expect(status.errors == "page         opens only with the key of the computer that started this machine\n")
        let folder = try await user.succeed(["fetch", "tiny", "out"])
        #expect(try FileSystem.read(user.project("\(folder)/model/model.bin")).count > 10)
        // A source that cannot be read is reported, instead of being treated as empty.
        let blind = try await user.caasctl("runs", changes: ["R2_SECRET_ACCESS_KEY": "wrong", "IOCLOUD_API_KEY": nil])
        #expect(blind.status == 1)
        #expect(blind.errors.contains("warning: cannot look for runs in the bucket: "), "\(blind.errors)")
        #expect(blind.errors.contains("warning: cannot talk to io.net: IOCLOUD_API_KEY is not set"))
        #expect(blind.output.contains(try Regex("(?m)^\(run) +unknown +unknown ")), "\(blind.output)")
        let taken = try await user.caasctl("serve", run, "--yes")
        #expect(taken.errors.contains("its machine \(run)-3 is not over, io.net says 'running'"), "\(taken.errors)")
        #expect(try await user.succeed(["destroy", run]) == run)
        let left = try await user.caasctl("runs", "--json")
        #expect(try JSONValue(parsing: left.output)["runs"]?.array?.first?["machine"] == "destroyed", "\(left.output)")
    }

    private func expectTuned(_ weights: String, from base: String, on user: User) async throws {
        let outcome = try await user.caasctl("deploy", "tuning", "--yes", "--detach", changes: ["BASE_RUN": base])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("input    artifact 'model' of run \(base), attempt 2: 1 files, "))
        let run = String(outcome.output.dropLast())
        try await user.wait(for: run) { $0["complete"]?["run"]?.string == run }
        let report = try JSONValue(parsing: try await user.caasctl("status", run, "--json").output)
        #expect(
            report["complete"]?["inputs"] == [["run": .string(base), "attempt": 2, "artifact": "model"]],
            "\(report.text)")
        let folder = try await user.succeed(["fetch", run, "tuned"])
        let tuned = try FileSystem.read(user.project("\(folder)/tuned/tuned.bin"))
        #expect(String(decoding: tuned, as: UTF8.self) == weights)
        try await user.succeed(["destroy", run])
        let silent = try await user.caasctl("serve", run, "--yes")
        #expect(silent.status == 1)
        #expect(
            silent.errors.hasSuffix(
                "Error: cannot serve \(run): its program tuning has no 'serve'; caasctl fetch \(run) DIR takes what it "
                    + "made\n"), "\(silent.errors)")
        let unset = try await user.caasctl("deploy", "tuning", "--yes", "--set", "environment.BASE_RUN=")
        #expect(unset.status == 1)
        #expect(
            unset.errors.hasSuffix("the program tuning requires BASE_RUN; set it in 'environment'\n"), "\(unset.errors)"
        )
    }
}
