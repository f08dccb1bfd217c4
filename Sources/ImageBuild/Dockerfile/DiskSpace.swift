import Dockerfile
import ImageStore
import OCI
import POSIX

/// What a build is bound to write: the layers that it has to fetch.
///
/// RUN and `--from` read layers here; those that are only part of the result stay in their registry. A layer takes at least
/// its compressed size, and the same again once it is unpacked for RUN, so that less free space than that cannot do.
struct DiskSpace {
    let store: ImageStore
    private var bases: [Int: BaseImage] = [:]
    private var fetched: [Digest: Descriptor] = [:]
    private var unpacked: [Digest: Descriptor] = [:]

    init(store: ImageStore) { self.store = store }

    /// A stage stands on an image, or on a stage before it.
    mutating func begin(_ stage: Int, _ source: StageGraph.Source, _ base: BaseImage?) {
        if case .stage(let below) = source { bases[stage] = bases[below] } else { bases[stage] = base }
    }

    /// A stage runs commands.
    mutating func run(_ stage: Int) {
        for layer in missing(bases[stage]) {
            fetched[layer.digest] = layer
            unpacked[layer.digest] = layer
        }
    }

    /// Files are taken from an image, or from a stage before.
    mutating func read(_ source: StageGraph.Source, _ image: BaseImage?) {
        let base = if case .stage(let stage) = source { bases[stage] } else { image }
        for layer in missing(base) { fetched[layer.digest] = layer }
    }

    private func missing(_ base: BaseImage?) -> [Descriptor] { base?.layers.filter { !store.contains($0) } ?? [] }

    /// Refuses what cannot fit; a file system that does not tell its free space refuses nothing.
    func require(for name: String) throws(ImageBuildError) {
        let sizes = Array(fetched.values) + Array(unpacked.values)
        let needed = sizes.reduce(Int64(0)) { sum, layer in
            let (total, isOver) = sum.addingReportingOverflow(layer.size)
            return isOver ? .max : total
        }
        guard needed > 0, let free = try? FileSystem.freeBytes(at: store.folder), free < needed else { return }
        func megabytes(_ bytes: Int64) -> String { "\(bytes / 1_000_000) MB" }
        throw ImageBuildError(
            "build \(name)",
            "the layers that its commands need take at least \(megabytes(needed)) in \(store.folder), and "
                + "\(megabytes(free)) are free; 'caasctl prune' frees some, and CAASCTL_HOME names another place")
    }
}
