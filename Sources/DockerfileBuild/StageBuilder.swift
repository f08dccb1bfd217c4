import ByteText
import Dockerfile
import ImageBuild
import ImageLayers
import ImageStore
import JSON
import OCI
import POSIX

/// Executes the instructions of one stage.
struct StageBuilder: Sendable {
    let build: DockerfileBuild
    let stage: ParsedDockerfile.Stage
    /// The stages that are built already, by their numbers.
    var finished: [Int: StageBuilder]
    var image: ImageAssembly
    /// The value of each variable, from the latest ENV or ARG.
    var variables: [String: String]
    /// What the values that this stage sets may still take.
    var budget = SettingsBudget()
    /// True where this stage has a CMD of its own, which an ENTRYPOINT leaves alone.
    var hasCommand = false

    /// Creates a stage that is based on an image or on scratch.
    init(
        _ build: DockerfileBuild, _ stage: ParsedDockerfile.Stage, on image: ImageAssembly,
        finished: [Int: StageBuilder]
    ) {
        self.build = build
        self.stage = stage
        self.image = image
        self.finished = finished
        variables = Dictionary(image.config.environment.map { ($0.name, $0.value) }) { $1 }
    }

    /// Creates a stage that is based on another stage, whose ARGs stay in effect.
    init(
        _ build: DockerfileBuild, _ stage: ParsedDockerfile.Stage, on below: StageBuilder,
        finished: [Int: StageBuilder]
    ) {
        self.init(build, stage, on: below.image, finished: finished)
        // An ENV of the stage below overrides an ARG of the same name, even a later one.
        variables = below.variables.merging(variables) { $1 }
    }

    /// Removes the ONBUILD triggers from the image's config, and returns them.
    mutating func takeTriggers() throws -> [Instruction] {
        let triggers = (image.config["OnBuild"]?.array ?? []).compactMap(\.string)
        image.config["OnBuild"] = nil
        return try triggers.map { try ParsedDockerfile.trigger($0, of: stage.base.image) }
    }

    mutating func apply(_ instruction: Instruction) async throws {
        switch instruction.action {
        case .copy(let transfer), .add(let transfer):
            report(instruction)
            try await copy(transfer, instruction)
        case .run(let step):
            try await run(step, instruction)
        case .workdir(let path):
            try await setWorkdir(path, instruction)
        default:
            try set(instruction)
            image.note(instruction.text)
        }
    }

    private func report(_ instruction: Instruction) {
        build.builder.layerBuilder.report(.step(title(of: instruction)))
    }

    /// Returns an instruction's name in messages, which includes the stage if there are several.
    func title(of instruction: Instruction) -> String {
        build.title(of: instruction, in: stage)
    }

    /// The modification time of files that the next step makes, in seconds since 1970.
    ///
    /// It is later than that of all earlier steps, so that make, ninja and Python detect what has changed.
    var modified: Int64 { build.builder.epoch + Int64(image.layers.count) + 1 }

    /// Returns the expansion with the current values of the variables.
    func expansion() -> Expansion {
        let variables = variables
        return Expansion(escape: build.request.file.directives.escape) { variables[$0] }
    }

    /// The working folder as an absolute path, which relative paths start from.
    var workdir: String {
        let workdir = image.config["WorkingDir"]?.string ?? ""
        return workdir.isEmpty ? "/" : workdir
    }

    /// The build context; its files get the modification time of the next step.
    var context: ContextFolder {
        var context = build.context
        context.modified = modified
        return context
    }

    /// Returns the files of the layers so far, or nil if there are none.
    func contents() async throws -> ImageContents? {
        try await build.contents(of: image)
    }

    private mutating func setWorkdir(_ path: String, _ instruction: Instruction) async throws {
        let expansion = expansion()
        let path = try expansion.word(path, at: instruction.place)
        guard !path.isEmpty else { throw instruction.place.error("WORKDIR has an empty path") }
        var folder = ContainerPath.absolute(path, in: workdir)
        if folder != "/" && folder.hasSuffix(bytes: "/") { folder.unicodeScalars.removeLast() }
        image.config["WorkingDir"] = .string(folder)
        let placement = ImagePlacement(below: try await contents())
        let place = try placement.folder(Array(folder.utf8))
        guard !place.isEmpty, placement.file(at: place) == nil else { return image.note(instruction.text) }
        let user = image.config["User"]?.string ?? ""
        let owner = user.isEmpty ? .root : try FileAccount(user, as: "USER \(user)", in: placement.below)
        let modified = modified
        let layer = try await build.builder.layerBuilder.make(createdBy: instruction.text) {
            (writer) throws in
            var entries = PlacedEntries(placement, owner: owner, modified: modified)
            try entries.open(place, in: &writer)
        }
        image.append(layer, instruction.text)
    }
}
