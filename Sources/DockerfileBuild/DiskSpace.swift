import Dockerfile
import ImageLayers
import ImageStore
import OCI
import POSIX
import Wording

/// The least disk space that a build needs: the size of the layers that it has to fetch.
///
/// RUN and `--from` read layers on this machine; layers that are only part of the result stay in their registry. A
/// layer takes at least its compressed size, and the same again when it is unpacked for RUN. With less free space the
/// build cannot succeed.
struct DiskSpace {
    let store: ImageStore
    private var bases: [Int: BaseImage] = [:]
    private var fetched: [Digest: Descriptor] = [:]
    private var unpacked: [Digest: Descriptor] = [:]

    init(store: ImageStore) { self.store = store }

    /// Records the base of a stage: an image, or an earlier stage.
    mutating func begin(_ stage: Int, _ source: StageGraph.Source, _ base: BaseImage?) {
        if case .stage(let below) = source { bases[stage] = bases[below] } else { bases[stage] = base }
    }

    /// Records that a stage runs commands.
    mutating func run(_ stage: Int) {
        for layer in missing(bases[stage]) {
            fetched[layer.digest] = layer
            unpacked[layer.digest] = layer
        }
    }

    /// Records that files are copied from an image or an earlier stage.
    mutating func read(_ source: StageGraph.Source, _ image: BaseImage?) {
        let base = if case .stage(let stage) = source { bases[stage] } else { image }
        for layer in missing(base) { fetched[layer.digest] = layer }
    }

    private func missing(_ base: BaseImage?) -> [Descriptor] { base?.layers.filter { !store.contains($0) } ?? [] }

    /// Throws if the space is too small; does nothing if the file system does not report its free space.
    func require(for name: String) throws {
        let sizes = Array(fetched.values) + Array(unpacked.values)
        let needed = sizes.reduce(Int64(0)) { sum, layer in
            let (total, isOver) = sum.addingReportingOverflow(layer.size)
            return isOver ? .max : total
        }
        guard needed > 0, let free = try? FileSystem.freeBytes(at: store.folder), free < needed else { return }
        func megabytes(_ bytes: Int64) -> String { "\(bytes / 1_000_000) MB" }
        throw Failure(
            "build \(name)",
            "the layers that its commands need take at least \(megabytes(needed)) in \(store.folder), and "
                + "\(megabytes(free)) are free; 'caasctl image prune' frees some, and CAASCTL_HOME names another place")
    }
}
