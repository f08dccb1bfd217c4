import JSON
import POSIX
import SystemPackage

/// uv, or pip in a virtual environment of our own: it chooses packages and fetches them.
struct PythonInstaller: Sendable {
    private enum Tool: Sendable {
        case uv
        /// The environment's interpreter.
        case pip(FilePath)
    }

    private static var uv: ExternalProgram {
        ExternalProgram(
            name: "uv", advice: "https://docs.astral.sh/uv/ has it", inherited: ProgramEnvironment.python)
    }

    /// Runs pip so that no package can run anything: pip builds, what `--only-binary` does not keep it from for a
    /// requirement that names a file, in processes of its own. <https://peps.python.org/pep-0578/>
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

    /// Takes uv where it is in PATH; `home` is the folder of our caches.
    init(
        for target: PythonTarget, cache: FilePath, report: @escaping @Sendable (BuildEvent) -> Void
    ) async throws(ImageBuildError) {
        self.target = target
        self.cache = cache
        self.report = report
        if (try? await Self.uv.run(["--version"])) != nil {
            tool = .uv
        } else {
            tool = .pip(try await PipEnvironment.interpreter(for: target, in: cache))
        }
    }

    /// The name of what installs, for people.
    var name: String {
        switch tool {
        case .uv: "uv"
        case .pip: "pip"
        }
    }

    /// Chooses a version of everything that a file asks for, and of what that needs in turn.
    func choose(_ file: FilePath, temporary: FilePath) async throws(ImageBuildError) -> [WheelPin] {
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
            do throws(JSONError) { return try WheelPin.list(report: try JSONValue(parsing: content)) } catch {
                throw ImageBuildError("read pip's report", error.reason)
            }
        }
    }

    /// Puts chosen packages into a folder, whatever else there might be newer.
    func install(
        _ pins: [WheelPin], _ file: RequirementsFile, into folder: FilePath, temporary: FilePath
    ) async throws(ImageBuildError) {
        let list = temporary.appending("pinned.txt")
        let lines = (file.options + pins.map(\.line)).joined(separator: "\n") + "\n"
        try posix { () throws(POSIXError) in try FileSystem.write(Array(lines.utf8), to: list, mode: 0o600) }
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

    private func read(_ file: FilePath) throws(ImageBuildError) -> [UInt8] {
        try posix { () throws(POSIXError) in try FileSystem.read(file, limit: 256 << 20) }
    }

    private func run(_ arguments: [String], outputTo output: FilePath, for file: FilePath) async throws(ImageBuildError)
    {
        var program = Self.uv
        var arguments = arguments
        switch tool {
        case .uv:
            // The folder's own uv.toml and pyproject.toml are somebody else's.
            arguments += Self.configuration + ["--cache-dir", cache.appending("uv").string]
        case .pip(let interpreter):
            program = ExternalProgram(
                name: interpreter.string, advice: "", inherited: ProgramEnvironment.python)
            arguments = ["-I", "-c", Self.pip] + arguments + ["--cache-dir", cache.appending("pip").string]
        }
        program.folder = file.removingLastComponent().isEmpty ? nil : file.removingLastComponent()
        let step = "\(name): packages for \(target.description)"
        let report = report
        async let _: Void = ExternalProgram.tick(step, report)
        var lines: [String] = []
        do throws(ImageBuildError) {
            try await program.run(arguments, environment: environment, outputTo: output) { lines.append($0) }
        } catch {
            let complaint = PythonComplaint(lines)
            if let requirement = complaint.requirement {
                throw ImageBuildError("install '\(requirement)'", "it has no wheel for \(target.description)")
            }
            throw ImageBuildError("install \(file)", (complaint.reason ?? error.reason).withoutUser)
        }
    }

    /// The user's own configuration of uv, if there is any.
    private static var configuration: [String] {
        let folder =
            ProcessEnvironment.value("XDG_CONFIG_HOME") ?? ProcessEnvironment.value("HOME").map { "\($0)/.config" }
        let file = folder.map { FilePath($0).appending("uv/uv.toml") }
        guard let file, FileSystem.exists(file) else { return ["--no-config"] }
        return ["--config-file", file.string]
    }

    /// What both must see alike: uv does not read pip's variables.
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
