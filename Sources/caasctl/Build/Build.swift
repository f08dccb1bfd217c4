import Archive
import ArgumentParser
import ByteText
import Definitions
import DockerfileBuild
import EntrypointPacking
import ImageBuild
import ImageLayers
import ImageStore
import JSON
import OCI
import POSIX
import Registry
import SystemPackage
import Wording

/// `caasctl build`: builds an image from an image.yaml or a Dockerfile, without Docker.
struct Build: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Build an image from an image.yaml or a Dockerfile.",
        discussion: """
            Prints the image's digest. The same files give the same digest on any machine. SOURCE_DATE_EPOCH sets the \
            time of files in the image, 1980-01-01 by default; step n of a Dockerfile adds n seconds.

            caasctl build demo --tag ghcr.io/me/demo:1 --push
            caasctl build images/demo --output oci:out:latest --output oci-archive:demo.tar
            caasctl build demo --platform linux/amd64 --output docker-archive:- | docker load
            caasctl build -f Dockerfile -t ghcr.io/me/demo:1 .
            """)

    @Argument(
        help: "A folder with an image.yaml, the image.yaml, or a name below images/; with --file, the build context.")
    var image: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The image's name, as in ghcr.io/me/app:1.", valueName: "reference"))
    var tag: String?

    @Flag(
        help: ArgumentHelp(
            "Write image.lock next to image.yaml; it pins packages, commits, wheels and base for later builds."))
    var lock = false

    @Flag(
        help: "Push the image to the registry in --tag, under that tag and the first 12 digits of its digest.")
    var push = false

    @Option(
        help: ArgumentHelp("Set a variable of the image.yaml, or an ARG of the Dockerfile.", valueName: "name=value"))
    var buildArg: [String] = []

    @Option(
        help: ArgumentHelp(
            "Number of compression threads, by default one for each processor; it does not affect the image.",
            valueName: "number"))
    var jobs: Int?

    @Flag(help: "Read every file again instead of trusting the caches; report and repair errors.")
    var verify = false

    @Flag(help: "Build every layer again, without using earlier layers.")
    var noCache = false

    @Flag(help: "Include FIFOs and device nodes in the image.")
    var privileged = false

    @Flag(
        help: ArgumentHelp(
            "Do not describe the git checkout in the image's annotations.",
            discussion: "They name the checkout's URL and, if no file of the image differs from it, its commit."))
    var noGit = false

    @OptionGroup var dockerfile: DockerfileOptions
    @OptionGroup var cache: CacheOptions
    @OptionGroup var platforms: BuildPlatforms
    @OptionGroup var outputs: OutputOptions
    @OptionGroup var compression: CompressionOptions
    @OptionGroup var digestTag: DigestTagOptions
    @OptionGroup var login: RegistryLoginOptions
    @OptionGroup var connection: RegistryConnectionOptions
    @OptionGroup var options: SettingsOptions

    func validate() throws {
        _ = try reference()
        _ = try buildArguments()
        guard image != nil || dockerfile.file != nil else {
            throw ValidationError("name an image, or a Dockerfile by --file")
        }
        guard dockerfile.file != nil || cache.cacheFrom.isEmpty && cache.cacheTo == nil else {
            throw ValidationError("--cache-from and --cache-to need --file, whose RUN they are for")
        }
        guard !lock || dockerfile.file == nil else {
            throw ValidationError("--lock is for an image.yaml; a Dockerfile pins its bases by digest in FROM")
        }
        guard !push || tag != nil else { throw ValidationError("--push needs --tag, which says where to") }
        guard jobs ?? 1 > 0 else { throw ValidationError("--jobs must be at least 1") }
    }

    func run() async throws {
        let request = try dockerfile.request(
            context: image, arguments: buildArguments(), platforms: platforms.wanted())
        let file = request == nil ? try ImageDefinition.locate(image ?? ".") : nil
        let home = try HomeFolder.open()
        let store = try ImageStore(at: home.appending("store"))
        let progress = BuildProgress()
        var imagePush = ImagePush(
            store: store, settings: try options.settings(), login: login, connection: connection,
            digestTag: digestTag)
        let target = push ? try reference() : nil
        let outlet = try target.map { try imagePush.begin($0) { progress.note(.warning($0)) } }
        let registry = try imagePush.early?.client ?? connection.client()
        let outcomes = try await cache.outcomes(from: registry, report: progress.note)
        let lockFile = file?.removingLastComponent().appending(ImageLock.fileName)
        let builder = try ImageBuilder(
            store: store, home: home, bases: registry, entrypointFolders: EntrypointArtifact.folders(home: home),
            entrypointBundles: platforms.bundles, epoch: SourceDateEpoch.seconds(), threads: jobs ?? Processors.count,
            compression: compression.layerCompression, isVerifying: verify, ignoresCache: noCache,
            isPrivileged: privileged,
            lock: lock ? nil : lockFile.flatMap { try ImageLock(reading: $0) }, shared: outcomes, outlet: outlet,
            report: progress.note)
        let (ownName, built) = try await build(request, file, with: builder)
        if lock, let lockFile { try builder.lock.write(to: lockFile) }
        for name in [ownName, try reference()?.description].compactMap(\.self) {
            try store.tag(built.descriptor, as: name)
        }
        progress.finish(ownName, built)
        let name = try reference()?.description ?? ownName
        try await ImageExport(store: store, registry: registry)
            .write(built.descriptor, to: outputs.targets(), name: name)
        if let target { _ = try await imagePush.push(target) }
        try await cache.push(outcomes, by: imagePush)
        try tell(built)
    }

    /// Builds the image and returns it with its default name, which it gets in addition to `--tag`.
    private func build(
        _ request: DockerfileRequest?, _ file: FilePath?, with builder: ImageBuilder
    ) async throws -> (name: String, image: BuiltImage) {
        if let request { return (request.name, try await builder.build(request)) }
        let definition = try platforms.narrow(
            ImageDefinition(
                reading: file ?? "image.yaml", buildArguments: buildArguments(), environment: ProcessEnvironment.all()))
        let programFile = try definition.locateProgram()
        let program = try programFile.map { try ProgramDefinition(reading: $0) }
        let checkout = noGit ? nil : GitCheckout(of: definition, program: programFile)
        let built = try await builder.build(definition, program: program) { await checkout?.annotations() ?? [:] }
        return (definition.name, built)
    }

    /// Prints the result on standard output, or on standard error where `--output` writes the image to standard output.
    private func tell(_ built: BuiltImage) throws {
        let digest = built.descriptor.digest.description
        if let file = outputs.digestFile { try FileSystem.rewrite(file.path, with: Array(digest.utf8)) }
        if try outputs.isStream() { return StandardError.print(digest) }
        guard outputs.json else { return print(digest) }
        let document: JSONValue = [
            "digest": .string(digest), "images": .array(built.images.map(\.json)),
            "libraries": .object(LibraryVersions.all.mapValues(JSONValue.string)),
        ]
        print(String(decoding: document.prettyEncoded(), as: UTF8.self), terminator: "")
    }

    private func reference() throws -> Reference? {
        guard let tag else { return nil }
        do {
            let reference = try Reference(tag)
            guard reference.digest == nil else { throw Failure("use --tag \(tag)", "a digest cannot be chosen") }
            return reference
        } catch { throw ValidationError("\(error)") }
    }

    private func buildArguments() throws -> [String: String] {
        var arguments: [String: String] = [:]
        for argument in buildArg {
            guard let equals = argument.firstIndex(byte: "=") else {
                // As in docker, a name alone takes the environment's value, where there is one.
                if let value = ProcessEnvironment.value(argument) { arguments[argument] = value }
                continue
            }
            guard equals != argument.startIndex else {
                throw ValidationError("--build-arg takes NAME=value or NAME, not '\(argument)'")
            }
            arguments[String(argument[..<equals])] = String(argument[argument.utf8.index(after: equals)...])
        }
        return arguments
    }
}
