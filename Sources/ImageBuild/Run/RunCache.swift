import Containers
import JSON
import POSIX
public import SystemPackage
import Timestamps

/// What runs keep for later ones: unpacked layers, the folders of cache mounts, and what killed runs left.
///
/// An ordinary user's hold files of the users that the administrator lent, so that only a process in a user namespace can
/// remove them.
public struct RunCache: Sendable {
    /// What was removed.
    public struct Freed: Sendable, Hashable {
        /// Unpacked layers, cache mounts and unfinished runs.
        public let folders: Int
        /// The bytes of their files.
        public let bytes: Int64
    }

    private let folder: FilePath
    private let program: FilePath

    /// The caches of runs below `<home>/cache`; `program` is caasctl, where this process is another.
    public init(home: FilePath, program: FilePath? = nil) throws(ImageBuildError) {
        folder = home.appending("cache").appending("run")
        if let program {
            self.program = program
        } else {
            self.program = try posix { () throws(POSIXError) in try FileSystem.readLink("/proc/self/exe") }
        }
    }

    /// Removes what no build uses now and none has used for so many seconds, blocking; cache mounts only if said.
    public func prune(unusedFor seconds: Int = 0, cacheMounts: Bool = true) throws(ImageBuildError) -> Freed {
        guard FileSystem.exists(folder) else { return Freed(folders: 0, bytes: 0) }
        let folder = folder
        let path = try posix { () throws(POSIXError) in try FileSystem.realPath(folder) }
        let mapping = CurrentUser.id == 0 ? nil : IDMapping.best.mapping
        let job = RunCleaning(folder: path, seconds: seconds, cacheMounts: cacheMounts)
        let process = RunProcess(program: program, report: { _ in })
        guard case .freed(let folders, let bytes) = try process.run(job.json, mapping, { _ in }) else {
            throw ImageBuildError("remove what is not used in \(path)", "the process that does it ended early")
        }
        return Freed(folders: folders, bytes: bytes)
    }
}

/// What a process is told that removes what is not used.
struct RunCleaning: Sendable {
    var folder: FilePath
    var seconds: Int
    var cacheMounts: Bool

    var json: JSONValue {
        [
            "clean": .string(folder.string), "seconds": .integer(seconds), "cache_mounts": .bool(cacheMounts),
        ]
    }

    /// Nil for another kind of job.
    init?(json: JSONValue) throws(JSONError) {
        guard let text = try json.optionalText("clean") else { return nil }
        folder = FilePath(text)
        seconds = try json.whole("seconds")
        cacheMounts = try json.optionalFlag("cache_mounts") ?? false
    }

    init(folder: FilePath, seconds: Int, cacheMounts: Bool) {
        self.folder = folder
        self.seconds = seconds
        self.cacheMounts = cacheMounts
    }

    /// Removes, and tells how much that was.
    func run() throws(ImageBuildError) -> RunReport {
        var folders = 0
        var bytes: Int64 = 0
        let names = try posix { () throws(POSIXError) in try FileSystem.names(in: folder) }
        for place in names.map({ RunPlace(folder: folder.appending($0)) }) {
            for part in [place.trees, place.temporary] + (cacheMounts ? [place.caches] : []) {
                for name in (try? FileSystem.names(in: part)) ?? [] {
                    guard let size = try remove(part.appending(name), in: place) else { continue }
                    folders += 1
                    bytes += size
                }
            }
            if seconds == 0, cacheMounts { removeEmpty(place) }
        }
        return .freed(folders: folders, bytes: bytes)
    }

    /// Nil where somebody uses it.
    private func remove(_ path: FilePath, in place: RunPlace) throws(ImageBuildError) -> Int64? {
        let limit = Int64(Timestamp.now().seconds - seconds)
        guard let file = try? File(readingNoFollow: path), let status = try? file.status(),
            status.modifiedSeconds <= limit, (try? file.lock(wait: false)) == true
        else { return nil }
        // Whoever waits for the lock sees that the name is gone; a kill in between leaves something to clean.
        let gone = place.temporary.appending("gone-\(UInt32.random(in: 0 ... .max))")
        let size = Self.size(of: path)
        return try posix { () throws(POSIXError) in
            try FileSystem.makeFolder(place.temporary)
            if path.removingLastComponent() == place.temporary {
                try FileSystem.removeTree(path)
            } else {
                try FileSystem.rename(path, to: gone)
                try FileSystem.removeTree(gone)
            }
            return size
        }
    }

    /// Folders that builds make again when they need them.
    private func removeEmpty(_ place: RunPlace) {
        for part in [place.trees, place.temporary, place.caches] {
            guard let names = try? FileSystem.names(in: part), names.isEmpty else { return }
        }
        try? FileSystem.removeTree(place.folder)
    }

    private static func size(of path: FilePath) -> Int64 {
        guard let status = try? FileStatus(path) else { return 0 }
        guard status.kind == .directory else { return status.kind == .regular ? status.size : 0 }
        let names = (try? FileSystem.names(in: path)) ?? []
        return names.reduce(0) { $0 + size(of: path.appending($1)) }
    }
}
