import Archive
import Definitions
import POSIX
import SystemPackage

/// A folder or file of this machine that becomes layers, and what its entries get in the image.
struct FileSource: Sendable {
    /// Which owner entries get.
    enum Owner: Sendable, Hashable {
        case fixed(FileOwner)
        /// What the disk says.
        case keep
    }

    /// Which modification time entries get.
    enum Time: Sendable, Hashable {
        /// Seconds since 1970.
        case fixed(Int64)
        /// What the disk says.
        case keep
    }

    /// What a build says of it, and the image's history: `files: src into /opt/app`.
    var title: String
    /// Where the files are.
    var from: FilePath
    /// An absolute folder in the image.
    var into: String
    /// What stays out.
    var rules: IgnoreRules
    var owner = Owner.fixed(FileOwner(user: 0, group: 0))
    var mode = ImageDefinition.FileMode.executable
    var time: Time
    var split = ImageDefinition.Split.automatic
    /// True where FIFOs and device nodes come along.
    var isPrivileged = false
    /// True where a base or another layer is below.
    var isOnBase: Bool
    /// The files layers below this one, the lowest first.
    var earlier: [FileSource] = []

    /// Everything that decides the entries of files that are what they were, for a cache.
    var inputs: [String] {
        ["files", into, "\(owner)", "\(mode)", "\(time)", "\(isOnBase)"]
    }

    /// The limit of a layer for content of so many bytes, nil for one layer.
    func limit(for total: Int64) -> Int64? {
        switch split {
        case .automatic: total > 1 << 30 ? 256 << 20 : nil
        case .never: nil
        case .size(let size): total > size ? size : nil
        }
    }

    /// The limit of a layer where there are several.
    var largestLayer: Int64? {
        switch split {
        case .automatic: 256 << 20
        case .never: nil
        case .size(let size): size
        }
    }
}
