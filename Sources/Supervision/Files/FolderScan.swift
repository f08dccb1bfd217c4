import ByteText
import POSIX
import RunContract
import SystemPackage

/// The files below a checkpoint rule's folder, by their path as text; follows links.
struct FolderScan: Sendable {
    /// Every file that could be examined.
    ///
    /// Names that are not UTF-8 are left out, since no rule can match them.
    private(set) var files: [ExactText: FileSnapshot] = [:]
    /// Why parts could not be read; files that were not found may exist there.
    private(set) var failures: [POSIXError] = []

    /// The first failure that another scan may not repeat.
    ///
    /// Permission errors do not count: child processes cannot have written where this process has no access.
    var blindness: POSIXError? { failures.first { $0.errno != .permissionDenied } }

    /// Scans the folder once.
    init(_ root: FilePath) {
        do throws(POSIXError) {
            var files: [ExactText: FileSnapshot] = [:]
            var failures: [POSIXError] = []
            try FolderWalk.walk(root) { place, found in
                switch found {
                case .file(let status):
                    if let text = place.name.text { files[ExactText(text)] = FileSnapshot(status) }
                    return false
                // Where the rule's folder is the data folder, the pinned files would be checkpoints a second time.
                case .folder: return place.name.bytes != Array(ReservedPaths.Data.folder.utf8)
                case .link(.success(let target)):
                    if target.kind == .regular, let text = place.name.text {
                        files[ExactText(text)] = FileSnapshot(target)
                    }
                    return target.kind == .directory && !place.leadsBack(to: target)
                case .link(.failure(let error)):
                    // A dangling link is not a file of a checkpoint.
                    if error.errno != .noSuchFileOrDirectory { failures.append(error) }
                    return false
                case .special: return false
                case .unreadable(let error):
                    failures.append(error)
                    return false
                }
            }
            self.files = files
            self.failures = failures
        } catch { failures = [error] }
    }
}
