package import OCI
package import SystemPackage

/// The definition of an image.
///
/// The file is `images/<image>/image.yaml`; every `${NAME}` in it is expanded.
package struct ImageDefinition: Sendable, Hashable {
    /// The base of the image.
    package enum Base: Sendable, Hashable, CustomStringConvertible {
        /// No base: the image starts empty.
        case scratch
        case registry(Reference)
        /// An image in an OCI layout on this machine; its path has been resolved against the image's folder, and the
        /// text is the one in image.yaml.
        case layout(LayoutLocation, text: String)

        /// The text as in image.yaml.
        package var description: String {
            switch self {
            case .scratch: "scratch"
            case .registry(let reference): reference.description
            case .layout(_, let text): text
            }
        }
    }

    /// An entry of `layers`, which may become several layers of the image.
    package enum Layer: Sendable, Hashable {
        case debian(DebianLayer)
        case python(PythonLayer)
        case git(GitLayer)
        case files(FilesLayer)
        case archive(ArchiveLayer)
    }

    /// A root file system of Debian packages; only on scratch.
    package struct DebianLayer: Sendable, Hashable {
        /// The suite, such as `bookworm`.
        package var suite: String
        /// The packages to install in addition to the essential ones.
        package var packages: [String]
        /// The state of the archive to install from; nil for the newest.
        package var snapshot: DebianSnapshot?
    }

    /// A state of Debian's archive that no longer changes.
    package enum DebianSnapshot: Sendable, Hashable {
        /// A timestamp of <https://snapshot.debian.org>, such as `20261101T000000Z`.
        case time(String)
        /// The URL of a mirror of such a state.
        case mirror(String)
    }

    /// Python packages, installed only from wheels: none of their code runs during the build.
    package struct PythonLayer: Sendable, Hashable {
        /// The requirements file; a relative path has been resolved against the image's folder.
        package var requirements: FilePath
        /// The image's Python version, such as `3.11`.
        package var version: String
        /// The path of the interpreter in the image, for the shebang lines of scripts.
        package var interpreter: String
        /// The folder for the packages; it is added to PYTHONPATH, and its `bin` to PATH.
        package var into: String
        /// The newest glibc version that wheels may require, such as `2.28`.
        package var glibc: String
    }

    /// The tree of a commit of a git repository.
    package struct GitLayer: Sendable, Hashable {
        /// The URL for `git fetch`; a path that begins with `.` is relative to the image's folder.
        package var url: String
        /// A commit ID of 40 or 64 hexadecimal digits, or the name of a branch or tag, whose commit may change.
        package var commit: String
        /// An absolute folder in the image.
        package var into: String

        /// True if the commit is an ID, so that every build gets the same files.
        package var isPinned: Bool { commit.wholeMatch(of: #/[0-9a-f]{40}|[0-9a-f]{64}/#) != nil }
    }

    /// The content of an archive: a tar in any common compression, or a zip.
    package struct ArchiveLayer: Sendable, Hashable {
        /// The archive file; a relative path has been resolved against the image's folder.
        package var from: FilePath
        /// An absolute folder in the image.
        package var into: String
        /// The SHA-256 that the file must have, in 64 hexadecimal digits; nil accepts any file.
        package var sha256: String?
        /// The owner of everything in the image; nil keeps a tar's owners.
        package var owner: FileOwner?
        /// The limit of the unpacked size in bytes; nil for 10 GiB, or a hundred times the file's size if that is more.
        package var limit: Int64?
        /// True to include device nodes.
        package var isPrivileged: Bool
    }

    /// The user's own files.
    package struct FilesLayer: Sendable, Hashable {
        /// The folder or file to copy; a relative path has been resolved against the image's folder.
        package var from: FilePath
        /// An absolute folder in the image.
        package var into: String
        /// The patterns of paths below `from` to exclude, in the syntax of a `.dockerignore`.
        package var exclude: [String]
        /// A file of such patterns; nil for the `.dockerignore` in `from`, if there is one.
        package var ignoreFile: IgnoreFile?
        /// The owner of the files in the image, root by default; nil keeps the owners on disk.
        package var owner: FileOwner?
        /// The permission bits of the files in the image.
        package var mode: FileMode
        /// The modification time of the files in the image.
        package var modificationTime: ModificationTime
        /// The division of the files into layers.
        package var split: Split
        /// True to include FIFOs and device nodes.
        package var isPrivileged: Bool
    }

    /// The permission bits of regular files in the image.
    package enum FileMode: Sendable, Hashable {
        /// 0755 if the owner may execute the file, otherwise 0644.
        case executable
        /// The same permission bits for all files.
        case fixed(UInt32)
        /// The mode on disk, also of folders, with setuid, setgid, sticky and access control lists.
        case keep
    }

    /// The file of patterns that excludes files.
    package enum IgnoreFile: Sendable, Hashable {
        case file(FilePath)
        /// No file, not even the folder's own `.dockerignore`.
        case none
    }

    /// The division of a folder's files into layers.
    package enum Split: Sendable, Hashable {
        /// One layer up to 1 GiB; above that several layers of at most 256 MiB.
        case automatic
        /// One layer of any size.
        case never
        /// Several layers of at most this many bytes.
        case size(Int64)
    }

    /// The modification time of files in the image.
    package enum ModificationTime: String, Sendable, Hashable, CaseIterable {
        /// SOURCE_DATE_EPOCH, or 1980-01-01 if it is unset.
        case epoch
        /// The modification time on disk.
        case keep
    }

    package var name: String
    /// The image.yaml.
    package var file: FilePath
    package var base: Base
    /// The platforms: an image is built for each, and an index if there are several.
    package var platforms: [Platform]
    /// The layers in order, the lowest first.
    package var layers: [Layer]
    /// The place of each layer in the file, such as `image.yaml:4`.
    package var layerPlaces: [String] = []
    /// The place of the base in the file.
    package var basePlace: String = ""
    /// The name of the program that is built in with the entrypoint; nil for a plain image.
    package var program: String?
    /// The variables to add to the base's.
    package var environment: [String: String]
    /// The working directory of processes.
    package var workdir: String?
    /// The entrypoint; nil keeps the base's.
    package var entrypoint: [String]?
    /// The command; nil keeps the base's.
    package var command: [String]?
    /// The user by name or ID, with an optional group after a colon.
    package var user: String?
    /// The exposed ports, such as `8000/tcp`.
    package var ports: [String]
    /// The labels in the config.
    package var labels: [String: String]
    /// The annotations of the manifest.
    package var annotations: [String: String]
    /// The signal that stops a container, such as `SIGTERM`.
    package var stopSignal: String?
    /// The volumes as absolute folders.
    package var volumes: [String]

    /// The folder against which relative paths are resolved.
    package var folder: FilePath {
        let folder = file.removingLastComponent()
        return folder.isEmpty ? "." : folder
    }
}

/// A file's user ID and group ID.
package struct FileOwner: Sendable, Hashable {
    package var user: UInt32
    package var group: UInt32

    package init(user: UInt32, group: UInt32) {
        self.user = user
        self.group = group
    }
}
