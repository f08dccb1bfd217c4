import ByteText
import POSIX
import RunContract
import SystemPackage

/// Moves possibly incomplete checkpoints of a killed trainer aside, so that the next one does not resume from them.
enum TornSets {
    /// Moves every file of a step above `step` into the folder `aside`; returns the number of files and folders.
    ///
    /// A folder that belongs to one step is moved as one, also where nothing of a set is in it: trainers that find their
    /// newest checkpoint by a folder's name would take what is left of it, and die.
    static func moveAside(
        _ pattern: CheckpointPattern, newerThan step: Int?, to aside: FilePath
    ) throws(SupervisionError) -> Int {
        var moved = 0
        do throws(POSIXError) {
            for folder in try pattern.stepFolders() where folder.step > step ?? -1 {
                var target = folder.path
                _ = target.removePrefix(pattern.root)
                target = aside.pushing(target)
                try FileSystem.makeFolder(target.removingLastComponent())
                try FileSystem.rename(folder.path, to: target)
                moved += 1
            }
        } catch { throw SupervisionError(status: RunExit.restore.rawValue, "\(error)") }
        let scan = FolderScan(pattern.root)
        // The trainer would use a torn set that the scan missed.
        if let failure = scan.blindness {
            throw SupervisionError(.restore, "look for torn checkpoints", "\(failure)")
        }
        for path in scan.files.keys.sorted().map(\.text) {
            guard let found = pattern.memberStep(path), found > step ?? -1 else { continue }
            let target = aside.appending(path)
            do throws(POSIXError) {
                try FileSystem.makeFolder(target.removingLastComponent())
                try FileSystem.rename(pattern.root.appending(path), to: target)
            } catch { throw SupervisionError(status: RunExit.restore.rawValue, "\(error)") }
            moved += 1
        }
        return moved
    }
}
