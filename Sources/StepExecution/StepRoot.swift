import Containers
import ImageLayers
import POSIX
import SystemPackage

/// The root file system of a command: an overlay over the layers below it.
final class StepRoot: Sendable {
    /// The OCI bundle for runc, which contains the root file system as `rootfs`.
    let bundle: FilePath
    /// The read-only view of the image below.
    let below: RootResolver
    /// The upper folder with the command's changes.
    let changes: FilePath
    /// The other mounts of the command.
    let mounts: StepMounts
    private let job: StepJob
    private let trees: LayerTrees
    private let rootFileSystem: FilePath
    private let lower: [LayerTree]

    init(_ job: StepJob, _ session: StepScratch, _ trees: LayerTrees) throws {
        self.job = job
        self.trees = trees
        lower = try trees.trees(of: job.layers)
        let layers = lower.map(\.path)
        let view = try session.makeScratch("below")
        try session.overlay.mount(layers, at: view)
        below = RootResolver(path: view)
        let folder = try session.makeFolder("changes")
        changes = try LayerTrees.makeTree(in: folder, like: layers.isEmpty ? nil : view)
        let work = try session.makeFolder("work")
        let points = MountPoints(below: below, folder: try session.makeScratch("points"))
        mounts = try StepMounts(job.command, session, trees, points)
        bundle = try session.makeScratch("bundle")
        let root = try session.makeScratch("bundle/rootfs")
        rootFileSystem = root
        let changes = changes
        try session.overlay.mount(layers + [points.folder], changes: changes, work: work, at: root)
    }

    /// Makes a layer of the command's changes.
    func finish(_ layerBuilder: LayerBuilder) async throws -> StepMessage {
        // The files must not change any more, and the kernel's own attributes are visible only without the mount.
        try Mount.remove(rootFileSystem)
        let diff = try StepDiff(changes: changes, below: below.path, epoch: job.epoch) { [trees] text in
            trees.report(.warning(text))
        }
        guard try await BlockingThread.run({ try diff.changesAnything() }) else {
            return .done(nil)
        }
        let layer = try await layerBuilder.make(createdBy: job.createdBy) { (writer) in
            try diff.write(to: &writer)
        }
        keepTree(of: layer)
        return .done(layer)
    }

    /// Keeps the unpacked changes for the next command, which would otherwise have to unpack the layer.
    private func keepTree(of layer: BuiltLayer) {
        var chain = job.layers.first?.diffID
        for below in job.layers.dropFirst() { chain = below.chainID(on: chain) }
        _ = try? trees.keep(changes.removingLastComponent(), as: layer.chainID(on: chain))
    }
}
