import JSON
import POSIX
import SystemPackage
import Wording
import Processes

/// Chooses and installs packages with uv, or with pip in a virtual environment of its own.
struct PythonInstaller: Sendable {
    private enum Tool: Sendable {
        case uv
        /// The interpreter of the virtual environment.
        case pip(FilePath)
    }

    private static var uv: ExternalProgram {
        ExternalProgram(
            name: "uv", advice: "https://docs.astral.sh/uv/ has it", inherited: ProgramEnvironment.python)
    }

    /// A Python program that runs pip with an audit hook, so that no package can run its code.
    ///
    /// `--only-binary` does not stop pip from building a requirement that names a file. pip builds in separate
    /// processes, which the hook refuses.
    /// <https://peps.python.org/pep-0578/>
    private static let pip = """
        import sys
        forbidden = {"subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system"}
        def refuse(event, arguments):
            if event in forbidden: raise PermissionError("\(PythonComplaint.refusal)")
        sys.addaudithook(refuse)
        sys.argv[0] = "pip"
        from runpy import run_module
        run_module("pip", run_name="__main__", alter_sys=True)
        """

    private let tool: Tool
    private let target: PythonTarget
    private let cache: FilePath
    private let report: @Sendable (BuildEvent) -> Void

    /// Uses uv if it is in PATH, else pip; `cache` is the folder of caasctl's caches.
    init(for target: PythonTarget, cache: FilePath, report: @escaping @Sendable (BuildEvent) -> Void) async throws {
        self.target = target
        self.cache = cache
        self.report = report
        if (try? await Self.uv.run(["--version"])) != nil {
            tool = .uv
        } else {
            tool = .pip(try await PipEnvironment.interpreter(for: target, in: cache))
        }
    }

    /// The installer's name in messages.
    var name: String {
        switch tool {
        case .uv: "uv"
        case .pip: "pip"
        }
    }

    /// Chooses a version for every requirement in a file and for all their dependencies.
    func choose(_ file: FilePath, temporary: FilePath) async throws -> [WheelPin] {
        let output = temporary.appending("chosen")
        switch tool {
        case .uv:
            let arguments = [
                "pip", "compile", file.string, "--generate-hashes", "--no-header", "--no-annotate", "--quiet",
            ]
            try await run(arguments + target.uvArguments, outputTo: output, for: file)
            return WheelPin.list(compiled: String(decoding: try read(output), as: UTF8.self))
        case .pip:
            let report = temporary.appending("report.json")
            let arguments = [
                "install", "--dry-run", "--ignore-installed", "--quiet", "--report", report.string, "--target",
                temporary.appending("none").string, "--requirement", file.string,
            ]
            try await run(arguments + target.pipArguments, outputTo: output, for: file)
            let content = try read(report)
            return try attempt("read pip's report") {
                try WheelPin.list(report: try JSONValue(parsing: content))
            }
        }
    }

    /// Installs exactly the chosen packages into a folder, even if there are newer versions.
    func install(
        _ pins: [WheelPin], _ file: RequirementsFile, into folder: FilePath, temporary: FilePath
    ) async throws {
        let list = temporary.appending("pinned.txt")
        let lines = (file.options + pins.map(\.line)).joined(separator: "\n") + "\n"
        try FileSystem.write(Array(lines.utf8), to: list, mode: 0o600)
        let common = [
            "--target", folder.string, "--no-deps", "--require-hashes", "--quiet", "--requirement", list.string,
        ]
        let output = temporary.appending("output")
        switch tool {
        case .uv: try await run(["pip", "install"] + common + target.uvArguments, outputTo: output, for: list)
        case .pip:
            try await run(["install", "--no-compile"] + common + target.pipArguments, outputTo: output, for: list)
        }
    }

    private func read(_ file: FilePath) throws -> [UInt8] {
        try FileSystem.read(file, limit: 256 << 20)
    }

    private func run(_ arguments: [String], outputTo output: FilePath, for file: FilePath) async throws {
        var program = Self.uv
        var arguments = arguments
        switch tool {
        case .uv:
            // A uv.toml or pyproject.toml in the folder may be written by others, and is ignored.
            arguments += Self.configuration + ["--cache-dir", cache.appending("uv").string]
        case .pip(let interpreter):
            program = ExternalProgram(
                name: interpreter.string, advice: "", inherited: ProgramEnvironment.python)
            arguments = ["-I", "-c", Self.pip] + arguments + ["--cache-dir", cache.appending("pip").string]
        }
        program.folder = file.removingLastComponent().isEmpty ? nil : file.removingLastComponent()
        let step = "\(name): packages for \(target.description)"
        let report = report
        async let _: Void = ProgramWatch.report(step, to: report)
        var lines: [String] = []
        do {
            try await program.run(arguments, environment: environment, outputTo: output) { lines.append($0) }
        } catch {
            let complaint = PythonComplaint(lines)
            if let requirement = complaint.requirement {
                throw Failure("install '\(requirement)'", "it has no wheel for \(target.description)")
            }
            throw Failure("install \(file)", (complaint.reason ?? Failure.reason(of: error)).withoutUser)
        }
    }

    /// The arguments for the user's own configuration of uv, if there is one.
    private static var configuration: [String] {
        let folder =
            ProcessEnvironment.value("XDG_CONFIG_HOME") ?? ProcessEnvironment.value("HOME").map { "\($0)/.config" }
        let file = folder.map { FilePath($0).appending("uv/uv.toml") }
        guard let file, FileSystem.exists(file) else { return ["--no-config"] }
        return ["--config-file", file.string]
    }

    /// The environment that gives uv and pip the same settings, because uv does not read pip's variables.
    private var environment: [String: String] {
        var variables = [
            "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_USER": "0", "PIP_TARGET": "",
            "PIP_CONSTRAINT": ProcessEnvironment.value("PIP_CONSTRAINT") ?? "", "NO_COLOR": "1",
            "PYTHONDONTWRITEBYTECODE": "1", "UV_NO_PROGRESS": "1", "LC_ALL": "C.UTF-8",
        ].filter { !$0.value.isEmpty }
        for (ours, pips) in [
            ("UV_DEFAULT_INDEX", "PIP_INDEX_URL"), ("UV_INDEX", "PIP_EXTRA_INDEX_URL"),
            ("UV_FIND_LINKS", "PIP_FIND_LINKS"),
            ("UV_NO_INDEX", "PIP_NO_INDEX"), ("SSL_CERT_FILE", "PIP_CERT"),
        ] where ProcessEnvironment.value(ours) == nil {
            variables[ours] = ProcessEnvironment.value(pips)
        }
        if ProcessEnvironment.value("UV_INDEX_URL") != nil { variables["UV_DEFAULT_INDEX"] = nil }
        return variables
    }
}
