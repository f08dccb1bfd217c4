import Archive
import ImageLayers
import POSIX
import SystemPackage

/// The changes of a command to the layers below it, in the form of a layer.
///
/// Writing the layer also normalizes the folder of changes, so that it can serve as the unpacked layer. No time is
/// later than `epoch`, so that the layer's bytes are the same whenever the command runs.
struct StepDiff: Sendable {
    let changes: FilePath
    let below: FilePath
    let epoch: Int64
    let warn: @Sendable (String) -> Void

    init(changes: FilePath, below: FilePath, epoch: Int64, warn: @escaping @Sendable (String) -> Void) throws {
        self.changes = changes
        self.below = below
        self.epoch = epoch
        self.warn = warn
    }

    /// Returns whether there are any changes.
    func changesAnything() throws -> Bool {
        let walk = DiffWalk(epoch: epoch, isSettling: false, warn: { _ in })
        var isChanged = false
        try walk.run(changes, below) { (_, _) in
            isChanged = true
            return false
        }
        return isChanged
    }

    /// Writes all changes to a layer.
    func write(to writer: inout LayerWriter) throws {
        let walk = DiffWalk(epoch: epoch, isSettling: true, warn: warn)
        try walk.run(changes, below) { (entry, content) in
            guard entry.kind == .regular, entry.size > 0, let content else {
                try writer.append(entry)
                return true
            }
            let file = try content.open()
            try writer.append(entry) {
                (buffer) throws in
                try file.read(into: buffer)
            }
            return true
        }
    }
}
