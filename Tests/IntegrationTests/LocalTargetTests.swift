import JSON
import POSIX
import SystemPackage
import TestSupport
import Testing

/// `target: local`: the run of a manifest on this computer, without an account, a registry or a sandbox.
@Suite struct LocalTargetTests {
    private let folder: TemporaryFolder

    init() async throws {
        folder = try TemporaryFolder()
        try FileSystem.makeFolder(folder("images/tiny/files/bin"))
        let busybox = try await Busybox.path().string
        try await Command("cp", ["--dereference", busybox, folder("images/tiny/files/bin/busybox").string]).succeed()
        for name in ["sh", "sleep", "httpd", "mkdir", "echo"] {
            try FileSystem.makeSymbolicLink(folder("images/tiny/files/bin/\(name)"), to: "busybox")
        }
        try folder.write(
            "images/tiny/image.yaml",
            """
            name: tiny
            base: scratch
            layers: [{files: {from: files, into: /, mode: keep}}]
            program: tiny
            environment: {PATH: /bin}
            """)
        try folder.write(
            "entrypoints/tiny.yaml",
            #"""
            name: tiny
            data: /data/${RUN_ID}
            stages: [{name: train, run: [sh, -c, 'mkdir -p ${DATA}/out; echo trained; echo weights >${DATA}/out/model']}]
            artifacts: [{from: out, into: model}]
            serve: {run: [httpd, -f, -p, "127.0.0.1:${SERVE_PORT}", -h, "${DATA}/out"], ready: /model}
            """#)
        // A manifest for a cloud, with keys that say nothing to this computer.
        try folder.write(
            "manifests/tiny.yaml",
            """
            name: tiny
            target: ionet
            image: tiny
            resources: {gpu: H100, gpus: 8, hours: 6}
            keep_alive: true
            environment: {R2_BUCKET_NAME: runs, R2_ENDPOINT_URL: "file://\(folder("results"))"}
            """)
        try FileSystem.makeFolder(folder("results/runs"))
    }

    private func caasctl(_ arguments: String...) -> Command {
        .caasctl(arguments, in: folder, environment: ["IOCLOUD_API_KEY": nil, "R2_ENDPOINT_URL": nil])
    }

    @Test func `the run of a cloud's manifest is trained, served and ended here`() async throws {
        try await caasctl("build", "tiny").succeed()
        let run = try await caasctl("deploy", "tiny", "--set", "target=local", "--yes").succeed()
        var last = ""
        let isServed = try await eventually(within: 120) { () -> Bool? in
            last = try await caasctl("status", run, "--json").succeed()
            return try JSONValue(parsing: last)["status"]?["phase"] == "serve" ? true : nil
        }
        #expect(isServed == true, "\(last)")
        #expect(try await caasctl("logs", "last").succeed().split(separator: "\n").contains("trained"))
        let model = folder("results/runs/\(run)/artifacts/1/model/model")
        #expect(try FileSystem.read(model) == Array("weights\n".utf8))

        #expect(try await caasctl("destroy", run).succeed() == run)
        let ended = try JSONValue(parsing: try await caasctl("status", run, "--json").succeed())
        #expect(ended["deployment_status"] == "destroyed")
        #expect(ended["machines"]?.array?.first?["state"] == "destroyed")
        let mark = ProcessIdentity.all(environment: "CAASCTL_SANDBOX", beginning: folder("home/local").string)
        #expect(mark.allSatisfy { !$0.isAlive })
    }

    @Test func `an image that is not built is named with what builds it`() async throws {
        let outcome = try await caasctl("deploy", "tiny", "--set", "target=local", "--yes").run()
        #expect(outcome.status == 1)
        #expect(
            outcome.errors
                == "Error: cannot deploy tiny: the image 'tiny' is not built yet; type: caasctl build tiny\n")
    }
}
