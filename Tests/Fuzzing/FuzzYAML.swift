import JSON
import POSIX
import RunContract
import SystemPackage

@testable import Definitions

/// image.yaml, manifests, programs, and files of variables.
extension FuzzedParser {
    static let yaml = FuzzedParser(
        name: "yaml",
        seeds: {
            seeds(0, files: "images/demo/image.yaml") + seeds(1, files: "manifests/demo.yaml")
                + seeds(2, files: "entrypoints/demo.yaml") + seeds(0, image, aliases) + seeds(1, manifest)
                + seeds(2, program) + seeds(3, "export A=\"b\\n\" # c\nB='d'\n# e\nC=f\n")
        },
        words: [
            "\n- ", "\n  ", ": ", "&a ", "*a", "<<: ", "? ", "!!", "---\n", "...\n", "|\n", ">-\n", "{", "}", "[", "]",
            "\"", "'", "${", "$${", ":-", "%YAML 1.2\n", "\\x00", "\\u2028", "debian: ", "python: ", "git: ",
            "archive: ", "files: ", "into: ", "from: ", "base: ", "platforms: ", "split: ", "owner: ", "mode: ",
            "resources: ", "secrets: ", "registry_login: ", "stages: ", "checkpoints: ", "artifacts: ", "metrics: ",
            "serve: ", "environment: ", "(?<a>.)", "9223372036854775807", "1e99",
        ]
    ) { bytes in
        guard let input = Input(bytes, readers: 4), let text = input.text else { return }
        switch input.reader {
        case 0:
            _ = try? ImageDefinition(
                parsing: text, file: "images/a/image.yaml", environment: ["NAME": "value", "EMPTY": ""])
        case 1: readManifest(text)
        case 2:
            guard let definition = try? ProgramDefinition(parsing: text, file: "entrypoints/a.yaml") else { return }
            let json = definition.program.json
            expect((try? Program(json: json)) == definition.program, "a program is another one after it was written")
        default: _ = try? EnvironmentFile(parsing: text, file: ".env")
        }
    }

    private static func readManifest(_ text: String) {
        guard let settings = try? Settings(environment: ["NAME": "value", "EMPTY": "", "HF_TOKEN": "secret"]),
            let manifest = try? RunManifest(parsing: text, file: "manifests/a.yaml", settings: settings)
        else { return }
        let kept = manifest.kept(image: manifest.image, environment: manifest.environment)
        guard let again = try? RunManifest(kept: kept, place: "manifests/a.yaml", settings: settings) else {
            fatalError("caasctl: a manifest that was kept cannot be read: \(kept.text)")
        }
        expect(
            again.name == manifest.name && again.image == manifest.image
                && again.kept(image: again.image, environment: again.environment) == kept
                && again.port == manifest.port && again.keepAlive == manifest.keepAlive
                && again.environment == manifest.environment && again.secrets == manifest.secrets
                && again.optionalSecrets == manifest.optionalSecrets && again.budgetUSD == manifest.budgetUSD,
            "a manifest is another one after it was kept: \(kept.text)")
    }

    private static let image = """
        name: a
        base: docker.io/library/debian:12
        platforms: [linux/amd64, linux/arm64/v8]
        layers:
          - python: {requirements: r.txt, version: "3.11", into: /opt/site, glibc: "2.36"}
          - git: {url: "https://h/a", commit: 92d63d4e8bb4df75c3b71618f31ddde2378b2bcd, into: /opt/t}
          - archive: {from: a.tar, into: /data, owner: 1:2, limit: 3GiB, privileged: true}
          - files: {from: f, into: /x, exclude: ["**/a", "!b"], split: 256MiB, mode: "0755", owner: keep, mtime: keep}
        environment: {A: "${NAME}", B: "${C:-d}", E: "$${F}"}
        ports: [80, 81/udp]
        labels: {a: b}
        stop_signal: SIGTERM
        volumes: [/v]
        """
    private static let aliases = "name: a\nbase: scratch\nlabels: &a {x: &b [1, 2], ? [*b, *b] : 3}\nenvironment: *a\n"
    private static let manifest = """
        name: run
        target: ionet
        image: docker.io/a/b@sha256:0000000000000000000000000000000000000000000000000000000000000000
        resources: {gpu: H100, gpus: 8, locations: [US], hours: 3, hardware_id: 7, location_ids: [1, "2"]}
        port: 8000
        keep_alive: true
        environment: {A: "${NAME}", B: "$${C}"}
        secrets: [HF_TOKEN]
        registry_login: {username: me, password: "${HF_TOKEN}"}
        budget_usd: 12.5
        """
    private static let program = """
        name: tiny
        data: /data/${RUN_ID}
        workdir: ${DATA}/work
        environment: {A: "${B:-b}", PATH: "/opt:${PATH:-}"}
        requires: [WANDB_RUN]
        pass_secrets: [HF_TOKEN]
        preflight: {gpus: {count: "${GPU_COUNT}", memory_gib: 1}, disk: [{path: "${DATA}", gib: 1}], commands: [["true"]]}
        inputs: [{run: a-20260101-000000-abcd, artifact: model}]
        stages:
          - name: base
            run: [/train, "${STAGE}"]
            resume: ["--resume=${RESUME_STEP}"]
            outputs: ["out/*"]
            timeout: 3h
            checkpoints: {root: ck, step: 'm_(\\d+)', complete: ["m_{step}"], settle: 2s, keep: {local: 2, remote: 3}}
        artifacts: [{from: final, into: model}]
        metrics: [{line: loss, match: 'loss: (?<loss>[\\d.]+)'}]
        serve: {run: [serve, "${SERVE_PORT}"], ready: /, public: true}
        """
}
