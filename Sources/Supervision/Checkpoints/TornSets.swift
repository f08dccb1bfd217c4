import ByteText
import POSIX
import RunContract
import SystemPackage

/// Moves aside what a killed trainer left that nobody knows to be whole, so that the next one does not resume from it.
enum TornSets {
    /// Moves every file of a step above `step` into a folder of its own; returns how many.
    static func moveAside(
        _ pattern: CheckpointPattern, newerThan step: Int?, to aside: FilePath
    ) throws(SupervisionError) -> Int {
        var moved = 0
        let scan = FolderScan(pattern.root)
        // A torn set that was not seen would be taken for a good one by the trainer.
        if let failure = scan.blindness {
            throw SupervisionError(.restore, "look for torn checkpoints", "\(failure)")
        }
        for path in scan.files.keys.sorted().map(\.text) {
            guard let found = pattern.memberStep(path), found > step ?? -1 else { continue }
            let target = aside.appending(path)
            do throws(POSIXError) {
                try FileSystem.makeFolder(target.removingLastComponent())
                try FileSystem.rename(pattern.root.appending(path), to: target)
            } catch { throw SupervisionError(status: ExitCode.restore.rawValue, "\(error)") }
            moved += 1
        }
        return moved
    }
}
