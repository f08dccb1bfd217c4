import HTTP
import ObjectStorage
import RunContract
import Secrets
import SystemPackage
import Testing

@testable import Supervision

@Suite struct EnvironmentTests {
    private static func program(_ change: (inout Program) -> Void = { _ in }) -> Program {
        var program = Program(name: "tiny", data: "/data")
        program.imageEnvironment = ["PATH": "/bin", "LAYER": "image", "GPG_KEY": "image", "ONLY_IMAGE": "1"]
        program.environment = ["LAYER": "program", "ONLY_PROGRAM": "1", "HOMES": "${DATA}/home"]
        program.passSecrets = ["WANDB_API_KEY"]
        program.childEnvironment = ["LD_PRELOAD": "/nonsense.so"]
        var stage = Program.Stage(name: "base", run: ["true"])
        stage.environment = ["LAYER": "stage", "DEEP": "${HOMES}/x ${ATTEMPT}"]
        program.stages = [stage]
        change(&program)
        return program
    }

    private static let sent = [
        "PATH": "/bin", "GPG_KEY": "image", "ONLY_IMAGE": "1", "R2_ACCESS_KEY_ID": "id-value", "R2_BUCKET_NAME": "b",
        "R2_SECRET_ACCESS_KEY": "secret-value", "R2_ENDPOINT_URL": "http://127.0.0.1:1", "STATUS_TOKEN": "token-value",
        "WANDB_API_KEY": "wandb-value", "HF_TOKEN": "hf-value", "PORT": "8000", "WANDB_RUN": "run", "AWS_PROFILE": "p",
    ]

    private static func stage(
        _ sent: [String: String], _ change: (inout Program) -> Void = { _ in }
    ) throws -> [String: String] {
        let program = program(change)
        let inherited = InheritedEnvironment(sent, image: program.imageEnvironment)
        var layers = StageEnvironment(program: program, inherited: inherited)
        layers.provided = ["RUN_ID": "tiny-1", "DATA": "/data", "ATTEMPT": "2", "RANKS": "1", "GPU_COUNT": "0"]
        return layers.process(try layers.variables(of: program.stages[0]))
    }

    @Test func `a stage sees its layers in order, and the deployment wins`() throws {
        #expect(try Self.stage(Self.sent)["LAYER"] == "stage")
        #expect(try Self.stage(Self.sent.merging(["LAYER": "sent"]) { $1 })["LAYER"] == "sent")
        let variables = try Self.stage(Self.sent)
        #expect(variables["ONLY_IMAGE"] == "1")
        #expect(variables["ONLY_PROGRAM"] == "1")
        #expect(variables["DEEP"] == "/data/home/x 2")
        #expect(variables["WANDB_RUN"] == "run")
        #expect(variables["STAGE"] == "base")
        #expect(variables["LD_PRELOAD"] == "/nonsense.so")
    }

    @Test func `no stage sees a secret that was not passed on, nor what is PID 1's own`() throws {
        let variables = try Self.stage(Self.sent)
        for value in ["id-value", "secret-value", "token-value", "hf-value"] {
            #expect(!variables.values.contains { $0.contains(value) })
        }
        for name in variables.keys { #expect(!name.hasPrefix("R2_") && !name.hasPrefix("AWS_")) }
        #expect(variables["PORT"] == nil)
        #expect(variables["WANDB_API_KEY"] == "wandb-value")
        #expect(variables["GPG_KEY"] == "image")
    }

    @Test func `CAAS_SECRETS decides what is secret, but the bucket's key always is`() {
        let inherited = InheritedEnvironment(
            Self.sent.merging(["CAAS_SECRETS": "WANDB_RUN, PORT"]) { $1 }, image: [:])
        #expect(
            Set(inherited.secrets.keys) == [
                "WANDB_RUN", "PORT", "R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY", "STATUS_TOKEN",
            ])
        #expect(inherited.variables["HF_TOKEN"] == "hf-value")
    }

    /// Every name that PID 1 reads for itself, and the alternative names.
    static let own = [
        "R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY", "R2_SESSION_TOKEN", "R2_ENDPOINT_URL", "R2_BUCKET_NAME",
        "R2_PREFIX",
        "R2_REGION", "R2_ADDRESSING", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
        "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_CA_BUNDLE", "CAAS_SECRETS", "CAAS_IMAGE", "CAAS_PROGRAM", "PORT",
        "BIND_ADDRESS", "DRAIN_SECONDS", "GRACE_SECONDS", "ON_FAILURE", "UPLOAD_BYTES_PER_SECOND", "KEEP_ALIVE",
        "RUN_ID", "STATUS_TOKEN",
    ]

    @Test(arguments: own + EnvironmentName.proxies.sorted())
    func `what PID 1 obeys is what was sent, never what an image says`(_ name: String) {
        let ofImage = InheritedEnvironment([name: "x", "A": "b"], image: [name: "x", "A": "b"])
        #expect(ofImage.variables == ["A": "b"] && ofImage.secrets.isEmpty && ofImage.forLibraries.isEmpty)
        let sent = InheritedEnvironment([name: "y"], image: [name: "x"])
        #expect(sent.variables[name] == "y" || sent.secrets[name]?.unredacted == "y")
        #expect(sent.forLibraries == (EnvironmentName.proxies.contains(name) ? [name: "y"] : [:]))
    }

    @Test func `a proxy that was sent as a secret is one, and is used`() {
        let inherited = InheritedEnvironment(
            ["CAAS_SECRETS": "https_proxy", "https_proxy": "http://me:password@proxy"], image: [:])
        #expect(inherited.variables["https_proxy"] == nil)
        #expect(inherited.forLibraries == ["https_proxy": "http://me:password@proxy"])
    }

    @Test(arguments: EnvironmentName.keys.sorted(), ["", "HF_TOKEN", "none"])
    func `no stage has a key to the bucket or the page's token, whatever is said`(_ name: String, _ secrets: String)
        throws
    {
        var sent = Self.sent
        sent[name] = "the-key"
        sent["CAAS_SECRETS"] = secrets.isEmpty ? nil : secrets
        let variables = try Self.stage(sent) { program in
            program.passSecrets = [name]
            program.requires = [name]
            program.imageEnvironment["COPY"] = "x"
        }
        #expect(!variables.values.contains { $0.contains("the-key") })
        for template in ["${\(name)}", "${\(name):-none}"] {
            let stage = try? Self.stage(sent) { program in
                program.passSecrets = [name]
                program.environment["X"] = template
                program.stages[0].environment["Y"] = template
            }
            #expect(stage?.values.contains { $0.contains("the-key") } != true)
        }
        let program = Self.program { $0.passSecrets = ["HF_TOKEN", name] }
        let error = #expect(throws: SupervisionError.self) {
            try RunConfiguration(
                program: program, inherited: InheritedEnvironment(sent, image: program.imageEnvironment))
        }
        #expect(error?.status == RunExit.configuration.rawValue)
        #expect(error?.description.hasPrefix("cannot pass \(name) to the stages: ") == true)
    }

    @Test func `a secret cannot be named in a template`() {
        #expect(throws: SupervisionError.self) {
            try Self.stage(Self.sent) { $0.stages[0].environment = ["X": "${R2_SECRET_ACCESS_KEY}"] }
        }
    }

    struct Refused: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let without: [String]
        let change: @Sendable (inout Program) -> Void
        let message: String
    }

    static let refused = [
        Refused(
            testDescription: "no key", without: ["R2_SECRET_ACCESS_KEY", "R2_ENDPOINT_URL"], change: { _ in },
            message: "cannot start the run: R2_ENDPOINT_URL, R2_SECRET_ACCESS_KEY are not set"),
        Refused(
            testDescription: "a required variable", without: [], change: { $0.requires = ["TEAM"] },
            message: "cannot start the run: TEAM is not set"),
        Refused(
            testDescription: "background", without: [], change: { $0.stages[0].isBackground = true },
            message: "cannot run stage 'base': 'background' is not supported yet"),
        Refused(
            testDescription: "after", without: [], change: { $0.stages[0].after = ["x"] },
            message: "cannot run stage 'base': 'after' is not supported yet"),
    ]

    @Test(arguments: refused) func `what is missing or not supported is exit 78`(_ refused: Refused) {
        let program = Self.program(refused.change)
        let sent = Self.sent.filter { !refused.without.contains($0.key) }
        let inherited = InheritedEnvironment(sent, image: program.imageEnvironment)
        let error = #expect(throws: SupervisionError.self) {
            _ = try RunPlace(inherited)
            _ = try RunConfiguration(program: program, inherited: inherited)
        }
        #expect(error?.status == RunExit.configuration.rawValue)
        #expect(error?.description == refused.message)
    }

    @Test func `the AWS names are a second choice`() throws {
        var sent = Self.sent.filter { !$0.key.hasPrefix("R2_") }
        sent.merge([
            "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_ENDPOINT_URL": "https://s3.example",
            "R2_BUCKET_NAME": "runs",
        ]) { $1 }
        let program = Self.program()
        let place = try RunPlace(InheritedEnvironment(sent, image: program.imageEnvironment))
        #expect(place.credentials?.accessKeyID == "a")
        #expect(try place.location as? BucketLocation == BucketLocation(endpoint: "https://s3.example", bucket: "runs"))
    }

    @Test func `a shared folder needs no key`() throws {
        var sent = Self.sent.filter { !$0.key.hasPrefix("R2_") }
        sent.merge(["R2_ENDPOINT_URL": "file:///shared", "R2_BUCKET_NAME": "runs"]) { $1 }
        let program = Self.program()
        let place = try RunPlace(InheritedEnvironment(sent, image: program.imageEnvironment))
        #expect(place.location as? FolderLocation == FolderLocation("/shared/runs") && place.credentials == nil)
    }
}
