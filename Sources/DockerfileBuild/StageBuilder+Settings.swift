import Dockerfile
import ImageBuild
import ImageLayers
import JSON
import OCI
import RunContract

/// The instructions that change only the config.
///
/// Sources: <https://docs.docker.com/reference/dockerfile/>,
/// <https://github.com/moby/docker-image-spec/blob/main/spec.md> for the members that OCI does not define.
extension StageBuilder {
    mutating func set(_ instruction: Instruction) throws {
        let expansion = expansion()
        let place = instruction.place
        func word(_ text: String) throws -> String { try expansion.word(text, at: place) }
        switch instruction.action {
        case .argument(let list): try declare(list, at: place)
        case .environment(let list): try setEnvironment(list, expansion, at: place)
        case .label(let list):
            var labels = image.config["Labels"]?.object ?? [:]
            for label in list {
                let value = try word(label.value ?? "")
                try budget.take(value, at: place)
                labels[try word(label.name)] = .string(value)
            }
            image.config["Labels"] = .object(labels)
        case .user(let user):
            let user = try word(user)
            guard !user.isEmpty else { throw place.error("USER is empty") }
            image.config["User"] = .string(user)
        case .expose(let ports): try expose(try expansion.words(ports, at: place), at: place)
        case .volume(let paths):
            var volumes = image.config["Volumes"]?.object ?? [:]
            for path in paths {
                let path = try word(path)
                guard !path.isEmpty else { throw place.error("VOLUME has an empty path") }
                volumes[path] = [:]
            }
            image.config["Volumes"] = .object(volumes)
        case .entrypoint(let command):
            setCommand("Entrypoint", command)
            // The base's arguments were meant for the base's entrypoint.
            if !hasCommand { image.config["Cmd"] = nil }
        case .command(let command):
            setCommand("Cmd", command)
            hasCommand = true
        case .shell(let words): image.config["Shell"] = .array(words.map(JSONValue.string))
        case .healthCheck(let check): image.config["Healthcheck"] = Self.json(check)
        case .stopSignal(let signal):
            let signal = try word(signal)
            guard Self.isSignal(signal) else { throw place.error("'\(signal)' is no signal, as in SIGTERM or 15") }
            image.config["StopSignal"] = .string(signal)
        case .onBuild(let trigger):
            let triggers = image.config["OnBuild"]?.array ?? []
            image.config["OnBuild"] = .array(triggers + [.string(trigger)])
        case .maintainer(let name): image.config.author = name
        case .from, .copy, .add, .run, .workdir: break
        }
    }

    private mutating func declare(_ list: [Instruction.Assignment], at place: SourcePlace) throws {
        for argument in list {
            // An ARG can use earlier ones of the same instruction, unlike ENV.
            let expansion = expansion()
            let name = try expansion.word(argument.name, at: place)
            // Where the build sets it, what the file says instead does not count, not even as a mistake.
            var written: String?
            if build.arguments.given[name] == nil, let value = argument.value {
                written = try expansion.word(value, at: place)
            }
            if let value = build.arguments.value(of: name, written: written) {
                try budget.take(value, at: place)
                variables[name] = value
            }
        }
    }

    private mutating func setEnvironment(
        _ list: [Instruction.Assignment], _ expansion: Expansion, at place: SourcePlace
    ) throws {
        for variable in list {
            let name = try expansion.word(variable.name, at: place)
            let value = try expansion.word(variable.value ?? "", at: place)
            guard !name.isEmpty else { throw place.error("ENV has an empty name") }
            try budget.take(value, at: place)
            if EnvironmentName.looksSecret(name) && !value.isEmpty {
                build.builder.layerBuilder.report(
                    .warning(
                        "\(place): \(name) is by its name a secret, and everybody who has the image can read it; "
                            + "use --secret and RUN --mount=type=secret"))
            }
            image.config.setEnvironment(name, value)
            variables[name] = value
        }
    }

    /// Adds ports such as `80`, `80/udp` or `8000-8010/tcp`.
    ///
    /// A host port before a colon has an effect only in docker run, and is dropped.
    private mutating func expose(_ ports: [String], at place: SourcePlace) throws {
        var exposed = image.config["ExposedPorts"]?.object ?? [:]
        for text in ports {
            let port = text.split(separator: ":", omittingEmptySubsequences: false).last ?? ""
            guard let match = port.wholeMatch(of: #/(\d{1,5})(?:-(\d{1,5}))?(?:/([A-Za-z]+))?/#),
                let first = Int(match.1), let last = match.2.map({ Int($0) }) ?? first,
                first <= last, last <= 65_535, first > 0
            else { throw place.error("'\(text)' is no port, as in 80, 53/udp or 8000-8010") }
            let kind = match.3.map { $0.lowercased() } ?? "tcp"
            guard ["tcp", "udp", "sctp"].contains(kind) else {
                throw place.error("'\(kind)' in '\(text)' is none of tcp, udp and sctp")
            }
            for port in first...last { exposed["\(port)/\(kind)"] = [:] }
        }
        image.config["ExposedPorts"] = .object(exposed)
    }

    private mutating func setCommand(_ member: String, _ command: Instruction.CommandLine) {
        let words = words(of: command)
        image.config[member] = words.isEmpty ? nil : .array(words.map(JSONValue.string))
    }

    /// Returns a command as a list of arguments; a command in shell form runs through the shell.
    func words(of command: Instruction.CommandLine) -> [String] {
        switch command {
        case .exec(let words): words
        case .shell(let line): line.isEmpty ? [] : shell + [line]
        }
    }

    /// The shell of shell-form commands: the value of SHELL, else `/bin/sh -c`.
    var shell: [String] {
        image.config["Shell"]?.array.map { $0.compactMap(\.string) } ?? ["/bin/sh", "-c"]
    }

    private static func json(_ check: HealthCheck) -> JSONValue {
        let test: [String] =
            switch check.command {
            case nil: ["NONE"]
            case .exec(let words): ["CMD"] + words
            case .shell(let line): ["CMD-SHELL", line]
            }
        var json: JSONValue = ["Test": .array(test.map(JSONValue.string))]
        let times = [
            ("Interval", check.interval), ("Timeout", check.timeout), ("StartPeriod", check.startPeriod),
            ("StartInterval", check.startInterval), ("Retries", check.retries),
        ]
        for (name, value) in times where value != 0 { json[name] = .integer(value) }
        return json
    }

    private static let signals = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "IOT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
        "ALRM", "TERM", "STKFLT", "CHLD", "CLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
        "VTALRM", "PROF", "WINCH", "IO", "POLL", "PWR", "SYS",
    ]

    private static func isSignal(_ text: String) -> Bool {
        if let number = Int(text) { return (1...64).contains(number) }
        let name = text.uppercased()
        let bare = name.hasPrefix("SIG") ? String(name.dropFirst(3)) : name
        return signals.contains(bare) || bare.wholeMatch(of: #/RTMIN(\+\d{1,2})?|RTMAX(-\d{1,2})?/#) != nil
    }
}
