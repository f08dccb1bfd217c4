package import Archive
package import Definitions
import EntrypointPacking
package import ImageLayers
package import ImageStore
import JSON
import OCI
import POSIX
import RunContract
package import SystemPackage

/// Builds images into a store.
package struct ImageBuilder: Sendable {
    package let store: ImageStore
    package private(set) var layerBuilder: LayerBuilder
    package let bases: any BaseImageSource
    private let entrypoints: EntrypointSearch
    package let epoch: Int64
    /// Held as long as this builder exists.
    private let cacheUse: CacheUse?

    /// Creates a builder with its caches below `home`; files get the time `epoch`, in seconds since 1970.
    ///
    /// With `ignoresCache` every layer is made again. With `isVerifying` the builder reads files again instead of
    /// trusting a cache. With `isPrivileged` FIFOs and devices are included. The number of threads comes from
    /// `threads`, not from `compression`. Each finished layer is also passed to `outlet`.
    package init(
        store: ImageStore, home: FilePath, bases: any BaseImageSource, entrypointFolders: [FilePath],
        entrypointBundles: [FilePath] = [], epoch: Int64 = ImageEpoch.standard, threads: Int = Processors.count,
        compression: LayerCompression = .gzip(threads: 1), isVerifying: Bool = false, ignoresCache: Bool = false,
        isPrivileged: Bool = false,
        lock: ImageLock? = nil, shared: SharedOutcomes? = nil, outlet: (any LayerOutlet)? = nil,
        report: @escaping @Sendable (BuildEvent) -> Void = { _ in }
    ) {
        self.store = store
        self.bases = bases
        entrypoints = EntrypointSearch(bundles: entrypointBundles, folders: entrypointFolders)
        self.epoch = epoch
        let cache = home.appending("cache")
        cacheUse = CacheUse.shared(in: cache)
        layerBuilder = LayerBuilder(
            store: store,
            cache: LayerCache(
                folder: cache.appending("layers"), store: store, isVerifying: isVerifying, isIgnored: ignoresCache,
                compression: compression, report: report, outlet: outlet, shared: shared),
            temporary: cache.appending("tmp"), threads: threads, compression: compression,
            isPrivileged: isPrivileged, locked: LockedInputs(obeying: lock), outlet: outlet, report: report)
    }

    /// Returns a builder that reports changed events.
    package func reporting(_ change: @escaping @Sendable (BuildEvent) -> BuildEvent) -> ImageBuilder {
        var builder = self
        let report = layerBuilder.report
        builder.layerBuilder.report = { report(change($0)) }
        builder.layerBuilder.cache.report = builder.layerBuilder.report
        return builder
    }

    /// Returns a builder that makes every layer again.
    package func ignoringCache() -> ImageBuilder {
        var builder = self
        builder.layerBuilder.cache.isIgnored = true
        return builder
    }

    /// The inputs of the build, which a later build can use again.
    package var lock: ImageLock { layerBuilder.locked.result }

    /// Builds an image for each of its platforms, including its program if there is one.
    ///
    /// `annotations` is called while the layers are made; the definition's own annotations override its result.
    package func build(
        _ definition: ImageDefinition, program: ProgramDefinition? = nil,
        annotations: @escaping @Sendable () async -> [String: String] = { [:] }
    ) async throws -> BuiltImage {
        async let found = annotations()
        // A missing input for one platform is reported before the layers of another platform take time.
        let entrypoints = try entrypoints(for: definition, with: program)
        if program != nil { try ImageAssembly.checkOwnNames(definition) }
        let bases = try await bases(of: definition)
        var layers = LayerPlan(layerBuilder: layerBuilder, definition: definition, epoch: epoch)
        try await layers.checkSources()
        var images: [PlatformImage] = []
        for platform in definition.platforms {
            if definition.platforms.count > 1 { layerBuilder.report(.step("platform: \(platform)")) }
            var image = ImageAssembly(base: bases[platform], platform: platform, epoch: epoch)
            for index in definition.layers.indices {
                for built in try await layers.built(index, for: platform) { image.append(built) }
            }
            image.apply(definition)
            if let program, let entrypoint = entrypoints[platform] {
                let (baked, leftOut) = image.apply(program.program)
                for name in leftOut {
                    layerBuilder.report(
                        .warning(
                            "\(name) of the base's ENV is left out: the entrypoint takes it from the deployment alone"))
                }
                image.append(try entrypoint.add(to: store))
                image.append(try await layerBuilder.bake(baked, epoch: epoch))
            }
            let annotations = await found.merging(definition.annotations) { $1 }
            images.append(
                try image.store(in: store, annotations: annotations))
        }
        let annotations = await found.merging(definition.annotations) { $1 }
        return try BuiltImage(joining: images, annotations: annotations, in: store)
    }

    private func entrypoints(
        for definition: ImageDefinition, with program: ProgramDefinition?
    ) throws -> [Platform: EntrypointArtifact] {
        var found: [Platform: EntrypointArtifact] = [:]
        guard program != nil else { return found }
        for platform in definition.platforms { found[platform] = try entrypoints.artifact(for: platform) }
        return found
    }
}
