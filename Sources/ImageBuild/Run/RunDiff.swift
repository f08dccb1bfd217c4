import Archive
import POSIX
import SystemPackage

/// What a command changed on the layers below it, as a layer says it.
///
/// The folder of changes becomes what the layer says, so that it can stand for the unpacked layer: no time is later than
/// `epoch`, which makes the layer's bytes the same whenever the command runs.
struct RunDiff: Sendable {
    let changes: FilePath
    let below: FilePath
    let epoch: Int64
    let warn: @Sendable (String) -> Void

    init(
        changes: FilePath, below: FilePath, epoch: Int64, warn: @escaping @Sendable (String) -> Void
    ) throws(ImageBuildError) {
        self.changes = changes
        self.below = below
        self.epoch = epoch
        self.warn = warn
    }

    /// True where there is anything to say.
    func changesAnything() throws(ImageBuildError) -> Bool {
        let walk = DiffWalk(epoch: epoch, isSettling: false, warn: { _ in })
        var isChanged = false
        try walk.run(changes, below) { (_, _) throws(ImageBuildError) in
            isChanged = true
            return false
        }
        return isChanged
    }

    /// Writes all of it.
    func write(to writer: inout LayerWriter) throws(ImageBuildError) {
        let walk = DiffWalk(epoch: epoch, isSettling: true, warn: warn)
        try walk.run(changes, below) { (entry, content) throws(ImageBuildError) in
            guard entry.kind == .regular, entry.size > 0, let content else {
                try archived { () throws(ArchiveError) in try writer.append(entry) }
                return true
            }
            let file = try content.open()
            try writer.append(entry, wrapping: { ImageBuildError(copying: $0.description) }) {
                (buffer) throws(ImageBuildError) in
                try posix { () throws(POSIXError) in try file.read(into: buffer) }
            }
            return true
        }
    }
}
