import Archive
import Definitions
import POSIX
import SystemPackage

/// A folder or file of this machine that becomes layers, with the attributes of its entries in the image.
struct FileSource: Sendable {
    /// The owner of the entries.
    enum Owner: Sendable, Hashable {
        case fixed(FileOwner)
        /// The owner on this machine's disk.
        case keep
    }

    /// The modification time of the entries.
    enum Time: Sendable, Hashable {
        /// Seconds since 1970.
        case fixed(Int64)
        /// The time on this machine's disk.
        case keep
    }

    /// The title in messages and in the image's history: `files: src into /opt/app`.
    var title: String
    /// The path on this machine.
    var from: FilePath
    /// The target folder in the image, an absolute path.
    var into: String
    /// The rules that exclude files.
    var rules: IgnoreRules
    var owner = Owner.fixed(FileOwner(user: 0, group: 0))
    var mode = ImageDefinition.FileMode.executable
    var time: Time
    var split = ImageDefinition.Split.automatic
    /// Whether FIFOs and device nodes are included.
    var isPrivileged = false
    /// Whether there is a base or another layer below.
    var isOnBase: Bool
    /// The `files` layers below this one, the lowest first.
    var earlier: [FileSource] = []

    /// The settings that, together with the state of the files, determine the entries; for a cache key.
    var inputs: [String] {
        ["files", into, "\(owner)", "\(mode)", "\(time)", "\(isOnBase)"]
    }

    /// Returns the size limit of each layer for `total` bytes of content, or nil for one layer.
    func limit(for total: Int64) -> Int64? {
        switch split {
        case .automatic: total > 1 << 30 ? 256 << 20 : nil
        case .never: nil
        case .size(let size): total > size ? size : nil
        }
    }

    /// The size limit of a layer if there are several layers.
    var largestLayer: Int64? {
        switch split {
        case .automatic: 256 << 20
        case .never: nil
        case .size(let size): size
        }
    }
}
