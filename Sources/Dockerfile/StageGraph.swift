import Wording

/// The dependencies between stages, and the stages that a build needs.
package struct StageGraph: Sendable {
    /// The meaning of the name in a FROM or `--from`.
    package enum Source: Sendable, Hashable {
        /// A stage, by its number.
        case stage(Int)
        /// An image, or `scratch`.
        case image(String)
        /// A named build context (`--build-context`), by its ``key(_:)``.
        case context(String)
    }

    private let file: ParsedDockerfile
    private let bases: [Source]
    private let contexts: Set<String>
    /// The stage whose image is built.
    package let target: Int
    /// The numbers of the stages that the target needs, in order.
    package private(set) var needed: [Int] = []

    /// Resolves the base of each stage; `target` is a stage's name or number, nil for the last stage.
    ///
    /// A name whose key is among `contexts` means that build context, even if a stage or an image has the same name.
    ///
    /// Source: <https://docs.docker.com/reference/cli/docker/buildx/build/#build-context>.
    package init(
        of file: ParsedDockerfile, target: String?, contexts: Set<String> = [], arguments: GlobalArguments
    ) throws {
        self.file = file
        self.contexts = contexts
        let expansion = arguments.expansion(escape: file.directives.escape)
        var names: [String] = []
        for stage in file.stages {
            let name = try expansion.word(stage.base.image, at: stage.place)
            guard !name.isEmpty else {
                throw stage.place.error("'\(stage.base.image)' is empty; give its ARG a value, or type --build-arg")
            }
            names.append(name)
        }
        bases = try Self.bases(named: names, in: file, contexts)
        self.target = try Self.find(target, in: file)
        needed = try needed(for: self.target)
    }

    /// Returns the base of a stage.
    package func base(of stage: Int) -> Source { bases[stage] }

    /// Resolves `--from` in a stage: an earlier stage by number or name (the last of that name), else an image.
    package func source(_ from: String, in stage: Int, at place: SourcePlace) throws -> Source {
        let key = Self.key(from)
        if contexts.contains(key) { return .context(key) }
        let name = from.lowercased()
        let number = Int(from) ?? file.stages.lastIndex { $0.base.stage == name }
        guard let number else { return .image(from) }
        guard file.stages.indices.contains(number) else {
            throw place.error("there is no stage \(number); they are counted from 0")
        }
        guard number < stage else {
            let other = file.stages[number]
            throw place.error(
                number == stage
                    ? "--from=\(from) names the stage that it stands in, which would depend on itself"
                    : "stage '\(from)' begins only at line \(other.place.line); a stage can use earlier ones")
        }
        if let key = file.stages[number].base.stage, contexts.contains(key) { return .context(key) }
        return .stage(number)
    }

    /// Normalizes an image name to compare it with build contexts: `docker.io/library/debian:latest` is `debian`.
    package static func key(_ name: String) -> String {
        var key = name.lowercased()[...]
        for prefix in ["docker.io/", "library/"] where key.hasPrefix(prefix) { key = key.dropFirst(prefix.count) }
        return String(key.hasSuffix(":latest") ? key.dropLast(":latest".count) : key)
    }

    private static func bases(
        named names: [String], in file: ParsedDockerfile, _ contexts: Set<String>
    ) throws -> [Source] {
        let stages = file.stages
        let named = stages.compactMap { stage in stage.base.stage.map { ($0, stage.index) } }
        let first = Dictionary(named) { first, _ in first }
        var latest: [String: Int] = [:]
        var bases: [Source] = []
        for (index, name) in names.enumerated() {
            defer { if let own = stages[index].base.stage { latest[own] = index } }
            if contexts.contains(key(name)) {
                bases.append(.context(key(name)))
                continue
            }
            if let earlier = latest[name.lowercased()] {
                bases.append(.stage(earlier))
                continue
            }
            // 'FROM debian AS debian' means the image: the name refers to the stage only from the next FROM on.
            guard let other = first[name.lowercased()], names[other].lowercased() != name.lowercased() else {
                bases.append(.image(name))
                continue
            }
            throw stages[index].place.error(Self.complaint(index, other, names, stages))
        }
        return bases
    }

    /// Explains why a stage cannot be based on a later one.
    private static func complaint(
        _ index: Int, _ other: Int, _ names: [String], _ stages: [ParsedDockerfile.Stage]
    ) -> String {
        var chain = [index]
        var next: Int? = other
        while let stage = next, !chain.contains(stage) {
            chain.append(stage)
            next = stages.firstIndex { $0.base.stage == names[stage].lowercased() }
        }
        let line = stages[other].place.line
        guard next != nil else {
            return "stage '\(names[index])' begins only at line \(line); a stage can stand on earlier ones"
        }
        let circle = (chain + [next ?? index]).map { "'\(stages[$0].name)'" }.joined(separator: " on ")
        return "FROM goes in a circle: \(circle) (line \(line))"
    }

    private static func find(_ target: String?, in file: ParsedDockerfile) throws -> Int {
        guard let target else { return file.stages.count - 1 }
        if let index = file.stages.lastIndex(where: { $0.base.stage == target.lowercased() }) { return index }
        if let number = Int(target), file.stages.indices.contains(number) { return number }
        let names = file.stages.compactMap(\.base.stage)
        let nearest = EditDistance.nearest(to: target, among: names).map { "; did you mean '\($0)'?" }
        let known = names.isEmpty ? "; no stage has a name" : "; its stages are \(names.joined(separator: ", "))"
        throw Failure("read --target \(target)", "there is no such stage\(nearest ?? known)")
    }

    /// Returns a stage and all stages that it is based on or copies files from, in order.
    package func needed(for stage: Int) throws -> [Int] {
        var needed: Set<Int> = []
        var open = [stage]
        while let stage = open.popLast() {
            guard needed.insert(stage).inserted else { continue }
            if case .stage(let base) = bases[stage] { open.append(base) }
            for instruction in file.stages[stage].instructions {
                for from in instruction.references {
                    if case .stage(let other) = try source(from, in: stage, at: instruction.place) {
                        open.append(other)
                    }
                }
            }
        }
        return needed.sorted()
    }
}

extension Instruction {
    /// The stages and images in the instruction's `--from` flags and mounts.
    package var references: [String] {
        switch action {
        case .copy(let transfer), .add(let transfer): transfer.from.map { [$0] } ?? []
        case .run(let step): step.mounts.compactMap { $0.options["from"] }
        default: []
        }
    }
}
