import Glibc
import JSON
import ObjectStorage
import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing

/// Tests of kinds of results that were once lost although the run reported that it was complete.
struct EntrypointCompletenessTests {
    @Test func `what a link leads to is in the bucket`() async throws {
        let run = try HostRun(
            "links",
            """
            mkdir -p $DATA/final $DATA/hub; echo weights >$DATA/hub/abc; ln -s ../hub/abc $DATA/final/model.safetensors
            echo '{}' >$DATA/final/config.json; ln -s config.json $DATA/final/same.json
            """)
        _ = try await run.finish()
        #expect(try await run.model() == ["config.json": "{}\n", "model.safetensors": "weights\n"])
        let artifact = try #require(try await run.bucket.completion()?.artifacts.first)
        #expect(artifact.tree.links.map(\.path.description) == ["same.json"])
    }

    @Test func `what no bucket can hold ends the run with its name, and all else is in the bucket`() async throws {
        var run = try HostRun(
            "special",
            """
            mkdir -p $DATA/final $DATA/other; echo weights >$DATA/final/model.bin; echo more >$DATA/other/x
            mkfifo $DATA/final/pipe; ln -s nowhere $DATA/final/broken
            """)
        run.program.artifacts.append(Program.Artifact(from: "other", into: "other"))
        let printed = try await run.finish(with: 72)
        #expect(printed.contains("'pipe' is a FIFO") || printed.contains("'broken' is a link to 'nowhere'"))
        #expect(try await run.bucket.completion() == nil)
        for (into, name) in [("model", "model.bin"), ("other", "x")] {
            let key = run.bucket.layout.artifact(into: into, attempt: 1) + name
            #expect(try await run.bucket.store.head(key) != nil, "\(key)")
        }
        let status = try await run.bucket.status()
        #expect(status?.phase == .failed && status?.reason.contains("and 1 more") == true)
    }

    @Test func `a step that is saved again while it is uploaded counts as it was saved last`() async throws {
        var run = try HostRun(
            "again",
            """
            mkdir -p $DATA/ck; echo starting at $1
            save() { head -c 6000000 /dev/urandom >$DATA/ck/model_7.bin; echo m >$DATA/ck/meta_7.json; }
            trap 'save; exit 0' TERM; [ "$1" ] || save; while :; do sleep .1; done
            """)
        run.program.stages[0].run.append("sh")
        run.program.stages[0].resume = ["${RESUME_STEP}"]
        run.environment["UPLOAD_BYTES_PER_SECOND"] = "1000000"
        let server = try await RcloneS3Server()
        run.environment.merge(server.environment) { $1 }
        let bucket = try BucketReader(server, run: "again")
        let first = try run.start("first")
        _ = try await eventually { first.printed.contains("base/7 is complete") || first.status != nil ? true : nil }
        first.signal(15)
        #expect(try await EntrypointRun.finish(first) == 75, "\(first.printed)")
        let last = try FileSystem.read(run.data.appending("ck/model_7.bin"))
        let prefix = bucket.layout.checkpoints(stage: "base")
        let manifests = try await bucket.store.list(prefix).map(\.key).filter { $0.hasSuffix(".manifest.json") }
        #expect(manifests.count == 1, "\(manifests) \(first.printed)")
        let manifest = try FolderManifest(
            json: try #require(try await bucket.json(manifests[0])), below: bucket.layout.root)
        let model = try #require(manifest.files.first { $0.path.description == "model_7.bin" })
        #expect(try await bucket.store.get(model.key, limit: 16 << 20) == last)
        try run.loseDisk()
        let second = try run.start("second")
        _ = try await eventually { second.printed.contains("starting at 7") || second.status != nil ? true : nil }
        #expect(try FileSystem.read(run.data.appending("ck/model_7.bin")) == last, "\(second.printed)")
        second.signal(15)
        #expect(try await EntrypointRun.finish(second) == 75)
    }

    @Test func `of checkpoints that come faster than they leave the newest is in the bucket first`() async throws {
        var run = try HostRun(
            "behind",
            """
            mkdir -p $DATA/ck
            save() { echo weights >$DATA/ck/model_$1.bin; echo m >$DATA/ck/meta_$1.json; }
            save 1; until [ -e $DATA/on ]; do sleep .1; done
            for step in 2 3 4 5 6 7; do save $step; sleep 2; done
            until [ -e $DATA/vanish ]; do sleep .1; done; rm $DATA/ck/*_5.*; echo; echo vanished; until [ -e $DATA/end ]; do sleep .1; done
            """)
        run.program.stages[0].checkpoints?.keepRemote = 2
        run.program.artifacts = []
        let server = try await RcloneS3Server()
        run.environment.merge(server.environment) { $1 }
        let container = try run.start()
        func say(_ text: String) async throws {
            _ = try await eventually { container.printed.contains(text) || container.status != nil ? true : nil }
        }
        try await say("uploaded checkpoint base/1")
        server.program.pause()
        try FileSystem.write([UInt8](), to: run.data.appending("on"))
        try await say("base/7 is complete")
        try FileSystem.write([UInt8](), to: run.data.appending("vanish"))
        try await say("\nvanished\n")
        server.program.signal(SIGCONT)
        try await say("uploaded checkpoint base/6")
        try FileSystem.write([UInt8](), to: run.data.appending("end"))
        #expect(try await EntrypointRun.finish(container) == 0, "\(container.printed)")
        let uploaded = container.printed.matches(of: /uploaded checkpoint base\/(\d)/).map { $0.output.1 }
        // The upload of the second checkpoint had already started.
        #expect(uploaded == ["1", "2", "7", "6"], "\(container.printed)")
        #expect(container.printed.contains("base/5 changed or vanished before"), "\(container.printed)")
        #expect(container.printed.contains("base/3 is left out") && container.printed.contains("the newest goes first"))
        #expect(try await BucketReader(server, run: "behind").checkpoints() == ["6-1", "7-1"])
    }

    @Test func `a checkpoint that its trainer deletes while it waits or uploads is in the bucket`() async throws {
        var run = try HostRun(
            "rotation",
            """
            mkdir -p $DATA/ck
            save() { head -c 300000 /dev/zero | tr '\\0' $1 >$DATA/ck/model_$1.bin; echo m >$DATA/ck/meta_$1.json; }
            save 1; until [ -e $DATA/on ]; do sleep .1; done
            save 2; until [ -e $DATA/first ]; do sleep .1; done; rm $DATA/ck/*_2.*
            save 3; until [ -e $DATA/second ]; do sleep .1; done; rm $DATA/ck/*_3.*; echo; echo deleted
            until [ -e $DATA/end ]; do sleep .1; done
            """)
        run.program.artifacts = []
        let server = try await RcloneS3Server()
        run.environment.merge(server.environment) { $1 }
        let container = try run.start()
        func say(_ text: String) async throws {
            _ = try await eventually { container.printed.contains(text) || container.status != nil ? true : nil }
        }
        try await say("uploaded checkpoint base/1")
        server.program.pause()
        for (file, step) in [("on", 2), ("first", 3)] {
            try FileSystem.write([UInt8](), to: run.data.appending(file))
            try await say("base/\(step) is complete")
        }
        try FileSystem.write([UInt8](), to: run.data.appending("second"))
        try await say("\ndeleted\n")
        server.program.signal(SIGCONT)
        try await say("uploaded checkpoint base/3")
        try FileSystem.write([UInt8](), to: run.data.appending("end"))
        #expect(try await EntrypointRun.finish(container) == 0, "\(container.printed)")
        #expect(!container.printed.contains("vanished"), "\(container.printed)")
        #expect(try await BucketReader(server, run: "rotation").checkpoints() == ["1-1", "2-1", "3-1"])
        #expect(!FileSystem.exists(run.data.appending(".caas/pinned")))
    }

    /// The signals that runtimes send to stop a container.
    ///
    /// SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM, SIGWINCH, SIGIO, SIGPWR, and SIGRTMIN+3,
    /// which systemd expects.
    static let stopSignals: [Int32] = [1, 2, 3, 6, 10, 12, 14, 15, 28, 29, 30, 37]

    @Test(arguments: stopSignals)
    func `a stage that a signal to PID 1 ends is not finished, whichever it was`(_ number: Int32) async throws {
        let run = try HostRun(
            "signal-\(number)",
            """
            mkdir -p $DATA/final; trap 'exit 0' \(number)
            if [ -e $DATA/final/model.bin ]; then echo whole >$DATA/final/model.bin; exit 0; fi
            echo half >$DATA/final/model.bin; echo waiting; while :; do sleep .1; done
            """)
        let first = try run.start("first")
        _ = try await eventually { first.printed.contains("\nwaiting\n") || first.status != nil ? true : nil }
        first.signal(number)
        #expect(try await EntrypointRun.finish(first) == 75, "\(first.printed)")
        #expect(try await run.bucket.completion() == nil)
        #expect(try await run.bucket.status()?.exitCode == 75)
        _ = try await run.finish("second")
        #expect(try await run.model() == ["model.bin": "whole\n"])
    }

    /// Stages with outputs that are not declared, and the outputs that they declare.
    static let undeclared: [(name: String, outputs: [String])] = [
        ("nothing", []), ("another", ["other/*"]),
    ]

    @Test(arguments: undeclared)
    func `a stage whose product cannot be brought back runs again`(_ name: String, _ outputs: [String]) async throws {
        var run = try HostRun(
            "product-\(name)",
            """
            mkdir -p $DATA/final $DATA/other; echo weights of $ATTEMPT >$DATA/final/model.bin; echo o >$DATA/other/o
            echo trained
            """)
        run.program.stages[0].outputs = outputs
        var evaluate = HostRun.stage(
            "evaluate", "echo evaluating; [ $ATTEMPT = 1 ] || exit 0; while [ -d /proc/$PPID ]; do sleep .1; done")
        evaluate.outputs = []
        run.program.stages.append(evaluate)
        let first = try run.start("first")
        let manifest = run.bucket.layout.manifest(of: run.bucket.layout.outputs(stage: "base", attempt: 1))
        _ = try await eventually { () async throws -> ObjectStatus? in
            guard first.printed.contains("\nevaluating\n") else { return nil }
            return try await run.bucket.store.head(manifest)
        }
        first.signal(9)
        _ = try await eventually { first.status }
        try run.loseDisk()
        let printed = try await run.finish("second")
        #expect(printed.contains("it runs again") && printed.contains("\ntrained\n"), "\(printed)")
        #expect(try await run.model() == ["model.bin": "weights of 2\n"])
    }

    @Test func `a stage that says so never runs again, and none does on the same disk`() async throws {
        var run = try HostRun("once", "mkdir -p $DATA/final; echo w >$DATA/final/model.bin; echo trained")
        var data = HostRun.stage("data", "echo fetched")
        data.isOnce = true
        run.program.stages.insert(data, at: 0)
        run.program.stages.append(HostRun.stage("end", "[ $ATTEMPT != 1 ]"))
        _ = try await run.finish("first", with: 1)
        let second = try await run.finish("second")
        #expect(!second.contains("\nfetched\n") && !second.contains("\ntrained\n"), "\(second)")
        #expect(try await run.model() == ["model.bin": "w\n"])
        // On another machine, only the stage that is marked to run once is not repeated.
        try await run.bucket.store.delete(run.bucket.layout.completion)
        try run.loseDisk()
        let third = try await run.finish("third")
        #expect(!third.contains("\nfetched\n") && third.contains("\ntrained\n"), "\(third)")
    }

    @Test func `outputs come back as they were: modes, times, links, empty folders, and a manifest of the user's`()
        async throws
    {
        var run = try HostRun("outputs", "mkdir -p $DATA/final; sh $DATA/set/check && echo w >$DATA/final/model.bin")
        var prepare = HostRun.stage(
            "prepare",
            """
            mkdir -p $DATA/set/empty; cd $DATA; echo mine >manifest.json; echo nested >set/manifest.json
            printf '#!/bin/sh\\necho "ran at $(stat -L -c %%Y "$0")"\\n' >set/run; chmod 0750 set/run; touch -d @1234567890 set/run
            ln -s run set/link
            cat >set/check <<'END'
            cd $DATA/set && ./link && [ -d empty ] && [ -L link ] && [ "$(stat -c '%a %Y' run)" = '750 1234567890' ] &&
                [ "$(cat manifest.json ../manifest.json)" = "$(printf 'nested\\nmine')" ] && echo all is there
            END
            """)
        prepare.outputs = ["manifest.json", "set/*"]
        run.program.stages.insert(prepare, at: 0)
        run.program.stages.append(HostRun.stage("end", "[ $ATTEMPT != 1 ]"))
        _ = try await run.finish("first", with: 1)
        try run.loseDisk()
        let second = try await run.finish("second")
        #expect(second.contains("stage prepare was finished by an earlier attempt"), "\(second)")
        #expect(
            second.contains("\nran at 1234567890\nall is there\n") && !second.contains("does not count"), "\(second)")
    }

    @Test func `a stage that leaves its trainer behind ends with that`() async throws {
        let run = try HostRun(
            "forks",
            """
            mkdir -p $DATA/final; echo half >$DATA/final/model.bin
            (setsid sh -c 'sleep 2; echo whole >$DATA/final/model.bin; echo trained' &)
            (sleep 1; echo more >$DATA/final/more.bin) &
            exit 0
            """)
        let printed = try await run.finish()
        #expect(try await run.model() == ["model.bin": "whole\n", "more.bin": "more\n"], "\(printed)")
        #expect(printed.contains("\ntrained\n"))
    }

    @Test func `what fails before the first stage is told in the bucket`() async throws {
        for (name, change) in Self.early {
            var run = try HostRun("early-\(name)", "echo trained")
            change(&run.program)
            let container = try run.start()
            let status = try await EntrypointRun.finish(container)
            let told = try #require(try await run.bucket.status(), "\(container.printed)")
            #expect(
                told.phase == .failed && told.exitCode == status && [71, 78].contains(status), "\(container.printed)")
            #expect(!told.reason.isEmpty && !container.printed.contains("\ntrained\n"))
            #expect(try await run.bucket.log().contains(told.reason))
        }
    }

    static let early: [(String, @Sendable (inout Program) -> Void)] = [
        ("gpus", { $0.preflight.gpuCount = "800" }),
        ("disk", { $0.preflight.disks = [.init(path: "/tmp", gib: "9e9")] }),
        ("command", { $0.preflight.commands = [["/bin/false"]] }), ("requires", { $0.requires = ["NOT_SET"] }),
        ("metric", { $0.metrics = [.init(line: "", match: "(")] }),
        ("data", { $0.data = "/proc/nobody/can/make/this" }), ("workdir", { $0.workdir = "${NOT_SET}" }),
    ]
}
