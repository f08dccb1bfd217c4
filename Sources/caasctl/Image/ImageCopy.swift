import ArgumentParser
import ImageInspection
import ImageStore
import OCI
import POSIX
import Registry
import SystemPackage
import Terminal

/// `caasctl image copy`: copies an image between registries, the store, OCI layouts and archives.
struct ImageCopy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy", abstract: "Copy an image between registries, local store, layouts and archives.",
        discussion: """
            Source and target are a reference in a registry, store:NAME for an image in the local store, the OCI \
            layout oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:TAG]. The copy keeps its digests, and \
            all platforms unless --platform selects one. In a registry the image gets the tag in the target's name and \
            a second tag, the first 12 digits of its digest; --no-digest-tag omits the second one. Between registries \
            the referrers of the image, such as signatures, are copied too.

            Prints repository@digest, or only the digest if the target is not in a registry.

            caasctl image copy docker.io/library/debian:12-slim ghcr.io/me/debian:12
            caasctl image copy ghcr.io/me/app:1 oci-archive:app.tar --platform linux/amd64
            caasctl image copy docker-archive:saved.tar store:saved
            """)

    @Argument(help: "The image to copy.")
    var source: String

    @Argument(help: "The copy's registry reference, store name, layout or archive.")
    var target: String

    @Option(help: ArgumentHelp("Copy only the image of this platform.", valueName: "os/architecture[/variant]"))
    var platform: String?

    @Flag(inversion: .prefixedNo, help: "Also copy the image's referrers, such as signatures, between registries.")
    var referrers = true

    @Option(help: ArgumentHelp("Number of blobs to copy in parallel, 1 to 64.", valueName: "number"))
    var jobs = 4

    @OptionGroup var digestTag: DigestTagOptions
    @OptionGroup var connection: RegistryConnectionOptions
    @OptionGroup var login: RegistryLoginOptions
    @OptionGroup var options: SettingsOptions

    func validate() throws {
        let target = try ImagePlace(target)
        _ = try (ImagePlace(source), wanted())
        if let digest = target.reference?.digest {
            throw ValidationError("the copy gets the digest that its content has, so that \(digest) cannot be chosen")
        }
        guard (1...64).contains(jobs) else { throw ValidationError("--jobs must be from 1 to 64") }
    }

    func run() async throws {
        let source = try ImagePlace(source)
        let target = try ImagePlace(target)
        let store = try ImageStore(at: HomeFolder.open().appending("store"))
        let client = try client(for: target.reference ?? source.reference)
        let image = try await read(source, into: store, client)
        switch target {
        case .registry(let reference):
            try await push(image, from: source, to: reference, store, client)
            print("\(reference.name)@\(image.descriptor.digest)")
        case .store(let name):
            try await ImageExport(store: store, registry: client).fetchLayers(of: image.descriptor, name: "\(source)")
            try store.tag(image.descriptor, as: name)
            print(image.descriptor.digest)
        case .layout(let output):
            try await ImageExport(store: store, registry: client)
                .write(image.descriptor, to: [output], name: source.reference?.description ?? "\(source)")
            output.isStandardOutput
                ? StandardError.print("\(image.descriptor.digest)") : print(image.descriptor.digest)
        }
    }

    private func wanted() throws -> Platform? {
        do { return try platform.map { (text) in try Platform(text) } } catch { throw ValidationError("\(error)") }
    }

    /// Returns a client whose login is for the target, or for the source where the target is not a registry.
    private func client(for reference: Reference?) throws -> RegistryClient {
        let credentials =
            try reference.map { try login.credentials(for: $0.registry, options.settings()) } ?? .standard()
        return try connection.client(credentials, jobs: jobs)
    }

    /// Adds the image's documents to the store; layers in a registry are fetched only when they are needed.
    private func read(_ place: ImagePlace, into store: ImageStore, _ client: RegistryClient) async throws -> AddedImage
    {
        let platform = try wanted()
        switch place {
        case .registry(let reference): return try await client.add(reference, platform: platform, to: store)
        case .store(let name):
            let finder = try ImageFinder(store: store, temporary: HomeFolder.open().appending("cache").appending("tmp"))
            guard let found = try finder.find(name, definitionName: nil) else {
                throw try finder.unknown(name, definitions: [])
            }
            let descriptor = try platform.map { try found.image(platform: $0).descriptor } ?? found.descriptor
            return AddedImage(descriptor: descriptor, manifests: [])
        case .layout(let layout):
            let line = ProgressLine()
            line.update("read \(layout)")
            let descriptor = try await BlockingThread.run {
                try store.addImage(of: layout.location, platform: platform)
            }
            return AddedImage(descriptor: descriptor, manifests: [])
        }
    }

    private func push(
        _ image: AddedImage, from source: ImagePlace, to target: Reference, _ store: ImageStore,
        _ client: RegistryClient
    ) async throws {
        let progress = TransferProgress("copy \(source) to \(target)")
        try await client.push(
            image.descriptor, from: store, to: target, digestTag: digestTag.digestTag, onEvent: progress.note)
        progress.finish()
        digestTag.tell(target, image.descriptor.digest)
        guard referrers, let origin = source.reference else { return }
        let count = try await client.copyReferrers(of: image.manifests, from: origin, to: target, through: store)
        if count > 0 { StandardError.print("copied \(count) that refer to it") }
    }
}
