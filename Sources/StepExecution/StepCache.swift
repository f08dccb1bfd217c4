import Containers
import ImageLayers
import JSON
import POSIX
package import SystemPackage
import Wording

/// The data that commands keep for later builds: unpacked layers, cache mounts, and the remains of killed builds.
///
/// For an ordinary user the files may belong to subordinate users, so that only a process in a user namespace can
/// remove them.
package struct StepCache: Sendable {
    /// The amount of data that was removed.
    package struct Freed: Sendable, Hashable {
        /// The number of unpacked layers, cache mounts and unfinished commands.
        package let folders: Int
        package let bytes: Int64
    }

    private let folder: FilePath
    private let program: FilePath

    /// Creates the cache below `<home>/cache`; `program` is the path of caasctl if this process is another program.
    package init(home: FilePath, program: FilePath? = nil) throws {
        folder = home.appending("cache").appending("run")
        if let program {
            self.program = program
        } else {
            self.program = try FileSystem.readLink("/proc/self/exe")
        }
    }

    /// Removes the remains of killed builds, and with `all` also everything that is not in use.
    ///
    /// With `all`, an entry is removed if it was last used before `usedBefore`, in nanoseconds since 1970. The call
    /// blocks.
    package func prune(all: Bool = true, usedBefore: Int64 = .max, dryRun: Bool = false) throws -> Freed {
        let folder = folder
        guard FileSystem.exists(folder) else { return Freed(folders: 0, bytes: 0) }
        let path = try FileSystem.realPath(folder)
        let mapping = CurrentUser.id == 0 ? nil : IDMapping.best.mapping
        let job = StepCleaning(folder: path, all: all, usedBefore: usedBefore, isDryRun: dryRun)
        let process = StepProcess(program: program, report: { _ in })
        guard case .freed(let folders, let bytes) = try process.run(job.json, mapping, { _ in }) else {
            throw Failure("remove what is not used in \(path)", "the process that does it ended early")
        }
        return Freed(folders: folders, bytes: bytes)
    }
}

/// The job of the process that removes unused data.
struct StepCleaning: Sendable {
    let folder: FilePath
    let all: Bool
    let usedBefore: Int64
    let isDryRun: Bool

    /// Removes the data, and returns how much it was.
    func run() throws -> StepMessage {
        var folders = 0
        var bytes: Int64 = 0
        let names = try FileSystem.names(in: folder)
        for place in names.map({ StepFolders(folder: folder.appending($0)) }) {
            for part in [place.temporary] + (all ? [place.trees, place.caches] : []) {
                for name in (try? FileSystem.names(in: part)) ?? [] {
                    guard let size = try remove(part.appending(name), in: place) else { continue }
                    folders += 1
                    bytes += size
                }
            }
        }
        return .freed(folders: folders, bytes: bytes)
    }

    /// Removes an entry and returns its size, or nil if it is in use.
    private func remove(_ path: FilePath, in place: StepFolders) throws -> Int64? {
        // A younger entry may be about to be locked.
        let isUnfinished = path.removingLastComponent() == place.temporary
        let limit = isUnfinished ? SystemClock.nanoseconds - 1_000_000_000 : usedBefore
        guard let file = try? File(readingNoFollow: path), let status = try? file.status(),
            status.modified < limit, (try? file.lock(wait: false)) == true
        else { return nil }
        // A process that waits for the lock then finds that the name is gone; if this is killed, a later call removes
        // the rest.
        let gone = place.temporary.appending("gone-\(UInt32.random(in: 0 ... .max))")
        let size = Self.size(of: path)
        if isDryRun { return size }
        try FileSystem.makeFolder(place.temporary)
        if isUnfinished {
            try FileSystem.removeTree(path)
        } else {
            try FileSystem.rename(path, to: gone)
            try FileSystem.removeTree(gone)
        }
        return size
    }

    private static func size(of path: FilePath) -> Int64 {
        guard let status = try? FileStatus(path) else { return 0 }
        guard status.kind == .directory else { return status.kind == .regular ? status.size : 0 }
        let names = (try? FileSystem.names(in: path)) ?? []
        return names.reduce(0) { $0 + size(of: path.appending($1)) }
    }
}

extension StepCleaning {
    var json: JSONValue {
        [
            "clean": .string(folder.string), "all": .bool(all), "used_before": .integer(usedBefore),
            "dry_run": .bool(isDryRun),
        ]
    }

    /// Parses the job; returns nil for another kind of job.
    init?(json: JSONValue) throws {
        guard let text = try json.optionalText("clean") else { return nil }
        self.init(
            folder: FilePath(text), all: try json.optionalFlag("all") ?? false,
            usedBefore: Int64(try json.whole("used_before")), isDryRun: try json.optionalFlag("dry_run") ?? false)
    }
}
