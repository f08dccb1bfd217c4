import Archive
public import Definitions
public import ImageStore
import JSON
import OCI
public import POSIX
import RunContract
public import SystemPackage

/// Builds images into a store.
public struct ImageBuilder: Sendable {
    private let store: ImageStore
    private let factory: LayerFactory
    private let bases: any BaseImageSource
    private let entrypointFolders: [FilePath]
    private let epoch: Int64

    /// A builder that keeps its caches below `home` and gives files the time `epoch`, in seconds since 1970.
    public init(
        store: ImageStore, home: FilePath, bases: any BaseImageSource, entrypointFolders: [FilePath],
        epoch: Int64 = 0, threads: Int = Processors.count, report: @escaping @Sendable (BuildEvent) -> Void = { _ in }
    ) {
        self.store = store
        self.bases = bases
        self.entrypointFolders = entrypointFolders
        self.epoch = epoch
        let cache = home.appending("cache")
        factory = LayerFactory(
            store: store, cache: LayerCache(folder: cache.appending("layers"), store: store),
            temporary: cache.appending("tmp"), threads: threads, report: report)
    }

    /// Builds an image and, where it has a program, bakes that in.
    public func build(
        _ definition: ImageDefinition, program: ProgramDefinition? = nil
    ) async throws(ImageBuildError) -> BuiltImage {
        let entrypoint = try program.map { (_) throws(ImageBuildError) in
            try EntrypointArtifact(searching: entrypointFolders, platform: definition.platform)
        }
        let base = try await base(of: definition)
        var image = ImageAssembly(base: base, platform: definition.platform, epoch: epoch)
        for layer in definition.layers { image.append(try await build(layer, of: definition)) }
        image.apply(definition)
        if let program, let entrypoint {
            let baked = image.apply(program.program)
            image.append(try entrypoint.add(to: store))
            image.append(try await bake(baked))
        }
        return try stored { () throws(ImageStoreError) in
            try image.store(in: store, annotations: definition.annotations)
        }
    }

    private func base(of definition: ImageDefinition) async throws(ImageBuildError) -> BaseImage? {
        guard case .registry(let reference) = definition.base else { return nil }
        factory.report(.step("base: \(reference)"))
        let base: BaseImage
        do { base = try await bases.baseImage(reference, for: definition.platform) } catch {
            throw ImageBuildError(copying: "\(error)")
        }
        guard base.config.platform.matches(definition.platform) else {
            throw ImageBuildError(
                "use base \(reference)", "it is for \(base.config.platform), not for \(definition.platform)")
        }
        return base
    }

    private func build(
        _ layer: ImageDefinition.Layer, of definition: ImageDefinition
    ) async throws(ImageBuildError) -> BuiltLayer {
        let isOnBase = definition.base != .scratch || definition.layers.first != layer
        switch layer {
        case .debian(let layer): return try await factory.debian(layer, definition.platform)
        case .git(let layer):
            return try await factory.git(layer, folder: definition.folder, isOnBase: isOnBase)
        case .files(let layer): return try await factory.files(layer, epoch: epoch, isOnBase: isOnBase)
        }
    }

    private func bake(_ program: Program) async throws(ImageBuildError) -> BuiltLayer {
        let content = program.json.encoded()
        let parents = ParentFolders.entries(to: Program.path, includingItself: false, onBase: true, modified: epoch)
        let path = Program.path.split(separator: "/").joined(separator: "/")
        let entry = ArchiveEntry(.regular, path: Array(path.utf8), mode: 0o644, modified: epoch)
        return try await factory.make(createdBy: "program: \(program.name)") { (writer) throws(ImageBuildError) in
            try archived { () throws(ArchiveError) in
                for parent in parents { try writer.append(parent) }
                try writer.append(entry, content: content)
            }
        }
    }
}
