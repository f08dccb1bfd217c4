import Wording

/// Parsing of the instructions that have flags.
extension InstructionParser {
    func baseReference() throws -> BaseReference {
        try flags.require(["platform"])
        let words = arguments.fields
        guard words.count == 1 || (words.count == 3 && words[1].uppercased() == "AS") else {
            throw place.error("FROM takes an image, and perhaps 'AS name'")
        }
        var stage: String?
        if words.count == 3 {
            let name = words[2].lowercased()
            guard name.wholeMatch(of: #/[a-z][a-z0-9_.-]*/#) != nil else {
                throw place.error(
                    "'\(words[2])' cannot be the name of a stage: it begins with a letter, then letters, digits, '-', "
                        + "'_' and '.'")
            }
            stage = name
        }
        return BaseReference(image: words[0], stage: stage, platform: try flags.text("platform"))
    }

    mutating func fileTransfer() throws -> FileTransfer {
        let common = ["chown", "chmod", "link", "exclude"]
        try flags.require(
            common + (name == "COPY" ? ["from", "parents"] : ["checksum", "keep-git-dir", "unpack"]),
            repeatable: ["exclude"])
        var words = try list() ?? arguments.fields
        guard words.count >= 2, let destination = words.popLast() else {
            throw place.error("\(name) needs at least one source, and a destination as its last argument")
        }
        guard Heredoc(word: destination) == nil else {
            throw place.error("the destination of \(name) cannot be a heredoc")
        }
        var rest = heredocs[...]
        let sources = words.map { word -> FileTransfer.Source in
            guard Heredoc(word: word) != nil, let heredoc = rest.popFirst() else { return .path(word) }
            return .heredoc(heredoc)
        }
        var transfer = FileTransfer(sources: sources, destination: destination)
        transfer.from = try flags.text("from")
        transfer.owner = try flags.text("chown")
        transfer.mode = try flags.text("chmod")
        transfer.isLinked = try flags.isSet("link") ?? false
        transfer.keepsParents = try flags.isSet("parents") ?? false
        transfer.excluded = try flags.all("exclude")
        transfer.checksum = try flags.text("checksum")
        transfer.keepsGitFolder = try flags.isSet("keep-git-dir")
        transfer.unpacks = try flags.isSet("unpack")
        if let from = transfer.from {
            guard !from.contains("$") else {
                throw place.error(
                    "variables are not replaced in --from; write 'FROM \(from) AS name' and '--from=name'")
            }
        }
        return transfer
    }

    mutating func runStep() throws -> RunStep {
        try flags.require(["mount", "network", "security", "device"], repeatable: ["mount", "device"])
        guard try flags.all("device").isEmpty else { throw place.error("--device is not supported") }
        let security = try flags.text("security") ?? "sandbox"
        guard security == "sandbox" else {
            throw place.error("'--security=\(security)' is not supported; every command runs in a sandbox")
        }
        var network: RunStep.Network?
        if let text = try flags.text("network") {
            guard let known = RunStep.Network(rawValue: text) else {
                throw place.error("'--network' is default, none or host, not '\(text)'")
            }
            network = known
        }
        var mounts: [MountFlag] = []
        for mount in try flags.all("mount") { mounts.append(try MountFlag(mount, at: place)) }
        let command = try commandLine()
        if case .exec(let words) = command, words.isEmpty { throw place.error("RUN has an empty list of arguments") }
        return RunStep(command: command, heredocs: heredocs, mounts: mounts, network: network)
    }

    mutating func healthCheck() throws -> HealthCheck {
        try flags.require(["interval", "timeout", "start-period", "start-interval", "retries"])
        let kind = String(String.UnicodeScalarView(arguments.unicodeScalars.prefix { !$0.isSpace }))
        let rest = String(arguments.unicodeScalars.dropFirst(kind.unicodeScalars.count)).trimmed
        switch kind.uppercased() {
        case "NONE":
            guard rest.isEmpty else { throw place.error("HEALTHCHECK NONE takes no arguments") }
            return HealthCheck(command: nil)
        case "CMD":
            let words: [String]?
            do throws(WordSplitting.NotStrings) { words = try WordSplitting.json(rest) } catch {
                throw place.error("a JSON array of HEALTHCHECK holds something that is no string")
            }
            guard !rest.isEmpty, words?.isEmpty != true else { throw place.error("HEALTHCHECK CMD needs a command") }
            return try timed(HealthCheck(command: words.map { .exec($0) } ?? .shell(rest)))
        default:
            let advice = EditDistance.nearest(to: kind, among: ["NONE", "CMD"]).map { "; did you mean '\($0)'?" }
            throw place.error("HEALTHCHECK takes CMD or NONE, not '\(kind)'\(advice ?? "")")
        }
    }

    private func timed(_ check: HealthCheck) throws -> HealthCheck {
        var check = check
        check.interval = try duration("interval")
        check.timeout = try duration("timeout")
        check.startPeriod = try duration("start-period")
        check.startInterval = try duration("start-interval")
        if let text = try flags.text("retries") {
            guard let retries = Int(text), retries >= 0 else {
                throw place.error("'--retries' is a number, not '\(text)'")
            }
            check.retries = retries
        }
        return check
    }

    private func duration(_ name: String) throws -> Int {
        guard let text = try flags.text(name) else { return 0 }
        // Docker rejects durations between zero and one millisecond.
        guard let nanoseconds = GoDuration.nanoseconds(text), nanoseconds == 0 || nanoseconds >= 1_000_000 else {
            throw place.error("'--\(name)' is a time of at least 1ms, as in 30s or 1m30s, not '\(text)'")
        }
        return nanoseconds
    }
}
