import ByteText
import POSIX
import RunContract
import SystemPackage

/// The files below a checkpoint rule's folder, by their path as text; links are followed.
struct FolderScan: Sendable {
    /// Every file that could be looked at.
    ///
    /// A name that is no UTF-8 is none that a rule can mean.
    private(set) var files: [ExactText: FileSnapshot] = [:]
    /// Why a part could not be looked at: what is not found there may be there all the same.
    private(set) var failures: [POSIXError] = []

    /// The first failure that another look may not meet.
    ///
    /// What this process may not enter its children cannot have filled.
    var blindness: POSIXError? { failures.first { $0.errno != .permissionDenied } }

    /// Looks once.
    init(_ root: FilePath) {
        do throws(POSIXError) {
            var files: [ExactText: FileSnapshot] = [:]
            var failures: [POSIXError] = []
            try FolderWalk.walk(root) { place, found in
                switch found {
                case .file(let status):
                    if let text = place.name.text { files[ExactText(text)] = FileSnapshot(status) }
                    return false
                case .folder: return true
                case .link(.success(let target)):
                    if target.kind == .regular, let text = place.name.text {
                        files[ExactText(text)] = FileSnapshot(target)
                    }
                    return target.kind == .directory && !place.leadsBack(to: target)
                case .link(.failure(let error)):
                    // A link to what is not there is no file of a checkpoint.
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
