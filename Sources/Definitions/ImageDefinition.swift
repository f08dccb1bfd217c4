package import OCI
package import SystemPackage

/// What goes into an image.
///
/// The file is `images/<image>/image.yaml`; every `${NAME}` in it is expanded.
package struct ImageDefinition: Sendable, Hashable {
    /// What the image stands on.
    package enum Base: Sendable, Hashable, CustomStringConvertible {
        /// Nothing.
        case scratch
        /// An image in a registry.
        case registry(Reference)
        /// An image in an OCI layout on this machine.
        case layout(LayoutBase)

        /// As image.yaml says it.
        package var description: String {
            switch self {
            case .scratch: "scratch"
            case .registry(let reference): reference.description
            case .layout(let layout): layout.text
            }
        }
    }

    /// An image in an OCI layout, `oci:DIR[:TAG]`, or in a tar of one, `oci-archive:FILE[:TAG]`.
    package struct LayoutBase: Sendable, Hashable {
        /// As image.yaml says it.
        package var text: String
        /// True for a tar of a layout.
        package var isArchive: Bool
        /// The folder or file: absolute, or made so from the image's folder.
        package var path: FilePath
        /// What the image is called there; nil where it is the only one.
        package var tag: String?

        /// A layout from its parts.
        package init(text: String, isArchive: Bool, path: FilePath, tag: String?) {
            self.text = text
            self.isArchive = isArchive
            self.path = path
            self.tag = tag
        }
    }

    /// One layer, or what several are made of.
    package enum Layer: Sendable, Hashable {
        case debian(DebianLayer)
        case python(PythonLayer)
        case git(GitLayer)
        case files(FilesLayer)
        case archive(ArchiveLayer)
    }

    /// A root file system of Debian packages; only on scratch.
    package struct DebianLayer: Sendable, Hashable {
        /// `bookworm`.
        package var suite: String
        /// What is installed beside the essential packages.
        package var packages: [String]
        /// Which state of the archive they come from, nil for the newest.
        package var snapshot: DebianSnapshot?
    }

    /// A state of Debian's archive that does not change any more.
    package enum DebianSnapshot: Sendable, Hashable {
        /// A time of <https://snapshot.debian.org>, as in `20261101T000000Z`.
        case time(String)
        /// A mirror of such a state.
        case mirror(String)
    }

    /// Packages of Python, from wheels alone: nothing of theirs runs while the image is built.
    package struct PythonLayer: Sendable, Hashable {
        /// What is installed: absolute, or made so from the image's folder.
        package var requirements: FilePath
        /// The image's Python, as in `3.11`.
        package var version: String
        /// Where the image has it; scripts begin with it.
        package var interpreter: String
        /// The folder that packages go into; PYTHONPATH gains it, and PATH its `bin`.
        package var into: String
        /// The newest glibc that wheels may ask for, as in `2.28`.
        package var glibc: String
    }

    /// A commit's tree of a git repository.
    package struct GitLayer: Sendable, Hashable {
        /// What `git fetch` is given; a path that begins with `.` is relative to the image's folder.
        package var url: String
        /// 40 or 64 hexadecimal digits; else the name of a branch or a tag, which may mean another commit tomorrow.
        package var commit: String
        /// An absolute folder in the image.
        package var into: String

        /// True where the commit is an id, so that every build gets the same files.
        package var isPinned: Bool { commit.wholeMatch(of: #/[0-9a-f]{40}|[0-9a-f]{64}/#) != nil }
    }

    /// The content of an archive: a tar in any usual compression, or a zip.
    package struct ArchiveLayer: Sendable, Hashable {
        /// The file: absolute, or made so from the image's folder.
        package var from: FilePath
        /// An absolute folder in the image.
        package var into: String
        /// What the file must be, in 64 hexadecimal digits; nil takes whatever is there.
        package var sha256: String?
        /// Who owns everything in the image; nil keeps a tar's owners.
        package var owner: FileOwner?
        /// The most bytes that it may unpack to; nil for 10 GiB, or a hundred times its own size if that is more.
        package var limit: Int64?
        /// True where device nodes come along too.
        package var isPrivileged: Bool
    }

    /// Files of the user's own.
    package struct FilesLayer: Sendable, Hashable {
        /// Where they are: absolute, or made so from the image's folder.
        package var from: FilePath
        /// An absolute folder in the image.
        package var into: String
        /// Patterns of paths below `from` that stay out, in the syntax of a `.dockerignore`.
        package var exclude: [String]
        /// A file of such patterns; nil for the `.dockerignore` in `from`, if there is one.
        package var ignoreFile: IgnoreFile?
        /// Who owns them in the image, root unless said; nil keeps the disk's owners.
        package var owner: FileOwner?
        /// Which permission bits they get.
        package var mode: FileMode
        /// Which modification time they get.
        package var modificationTime: ModificationTime
        /// Into how many layers they are cut.
        package var split: Split
        /// True where FIFOs and device nodes come along too.
        package var isPrivileged: Bool
    }

    /// Which permission bits regular files get in the image.
    package enum FileMode: Sendable, Hashable {
        /// 0755 where the owner may execute the file, else 0644.
        case executable
        /// These.
        case fixed(UInt32)
        /// What the disk says, of folders too, with setuid, setgid, sticky and access control lists.
        case keep
    }

    /// Which file of patterns says what stays out.
    package enum IgnoreFile: Sendable, Hashable {
        case file(FilePath)
        /// No file, not even the folder's own `.dockerignore`.
        case none
    }

    /// Into how many layers a folder's files are cut.
    package enum Split: Sendable, Hashable {
        /// One up to a GiB, above that several of at most 256 MiB.
        case automatic
        /// One, whatever its size.
        case never
        /// Several of at most so many bytes.
        case size(Int64)
    }

    /// Which modification time files get in the image.
    package enum ModificationTime: String, Sendable, Hashable, CaseIterable {
        /// SOURCE_DATE_EPOCH, else 0.
        case epoch
        /// What the disk says.
        case keep
    }

    /// The image's name.
    package var name: String
    /// The file that says all this.
    package var file: FilePath
    /// What the image stands on.
    package var base: Base
    /// What it runs on: an image for each, and an index of them where there are several.
    package var platforms: [Platform]
    /// In order, the lowest first.
    package var layers: [Layer]
    /// Where the file says so of each of them, as in `image.yaml:4`.
    package var layerPlaces: [String] = []
    /// Where the file names the base.
    package var basePlace: String = ""
    /// The name of the program that is baked in with the entrypoint, nil for a plain image.
    package var program: String?
    /// Variables that are added to the base's.
    package var environment: [String: String]
    /// Where processes start.
    package var workdir: String?
    /// Nil keeps the base's.
    package var entrypoint: [String]?
    /// Nil keeps the base's.
    package var command: [String]?
    /// Name or number, with the group after a colon.
    package var user: String?
    /// Such as `8000/tcp`.
    package var ports: [String]
    /// Texts for people and tools, in the config.
    package var labels: [String: String]
    /// Texts for people and tools, in the manifest.
    package var annotations: [String: String]
    /// Such as `SIGTERM`.
    package var stopSignal: String?
    /// Absolute folders.
    package var volumes: [String]

    /// The folder that relative paths start from.
    package var folder: FilePath {
        let folder = file.removingLastComponent()
        return folder.isEmpty ? "." : folder
    }
}

/// The numbers of a file's user and group.
package struct FileOwner: Sendable, Hashable {
    /// The user's number.
    package var user: UInt32
    /// The group's number.
    package var group: UInt32

    /// An owner from its numbers.
    package init(user: UInt32, group: UInt32) {
        self.user = user
        self.group = group
    }
}
