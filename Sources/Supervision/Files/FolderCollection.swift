import POSIX
import RunContract
import SystemPackage

/// Collects the files, links and folders of a survey below one root, for one or several patterns.
struct FolderCollection {
    /// A link that `finish` either keeps as a link or follows.
    private struct PendingLink {
        let path: FilePath
        let target: FileStatus
    }

    private let root: FilePath
    private let realRoot: FilePath
    private let realData: FilePath
    private var files: [RelativePath: UploadFile] = [:]
    private var folders: [RelativePath: FileAttributes] = [:]
    private var links: [RelativePath: PendingLink] = [:]
    private var problems: [RelativePath: String] = [:]

    init(root: FilePath, data: FilePath) throws(POSIXError) {
        self.root = root
        realRoot = try FileSystem.realPath(root)
        realData = try FileSystem.realPath(data)
    }

    /// The number of files, links and problems.
    var count: Int { files.count + links.count + problems.count }

    func has(_ pattern: GlobPattern) -> Bool {
        files.keys.contains(where: pattern.matches) || links.keys.contains(where: pattern.matches)
    }

    /// Adds the files that a pattern matches, and the contents of the folders that it matches.
    mutating func add(_ pattern: GlobPattern) throws(POSIXError) {
        // Only the folder before the first wildcard is walked: a data folder may contain a whole dataset.
        guard let fixed = pattern.fixed else { return try add(root, below: []) { pattern.matches($0) } }
        let start = fixed.path(below: root)
        let found: FolderWalk.Found
        do throws(POSIXError) {
            let status = try FileStatus(start)
            found =
                status.kind == .symbolicLink
                ? .link(Self.target(of: start)) : status.kind == .regular ? .file(status) : .special(status.kind)
            if status.kind == .directory {
                if pattern.matches(fixed) { folders[fixed] = FileAttributes(status) }
                return try add(start, below: fixed.bytes) { pattern.matches($0) }
            }
        } catch {
            guard [.noSuchFileOrDirectory, .notDirectory].contains(error.errno) else { throw error }
            return
        }
        guard pattern.matches(fixed) else {
            // The pattern continues below a link to a folder.
            if case .link(.success(let target)) = found, target.kind == .directory {
                try add(start, below: fixed.bytes) { pattern.matches($0) }
            }
            return
        }
        note(fixed, start, found)
    }

    private static func target(of path: FilePath) -> Result<FileStatus, POSIXError> {
        do throws(POSIXError) { return .success(try FileStatus(path, followingLinks: true)) } catch {
            return .failure(error)
        }
    }

    /// Adds the wanted contents of a folder; with `isElsewhere` a link led to it, and further links in it are followed.
    mutating func add(
        _ folder: FilePath, below prefix: [UInt8], isElsewhere: Bool = false, _ isWanted: (RelativePath) -> Bool
    ) throws(POSIXError) {
        var transient: POSIXError?
        let isData = try FileSystem.realPath(folder) == realData && prefix.isEmpty
        try FolderWalk.walk(folder, below: prefix) { place, found in
            // Skip the entrypoint's own files in the data folder.
            if isData, place.name.bytes == Array(ReservedPaths.Data.folder.utf8) { return false }
            if case .folder(let status) = found {
                if isWanted(place.name) { folders[place.name] = FileAttributes(status) }
                return true
            }
            guard isWanted(place.name) else { return false }
            if case .unreadable(let error) = found, !Self.isLasting(error) { transient = error }
            if isElsewhere, case .link(.success(let target)) = found { return follow(place, target) }
            note(place.name, place.path, found)
            return false
        }
        // Out of descriptors or memory: another scan may succeed.
        if let transient { throw transient }
    }

    private static func isLasting(_ error: POSIXError) -> Bool {
        [.permissionDenied, .fileNameTooLong, .tooManySymbolicLinkLevels, .notPermitted].contains(error.errno)
    }

    private mutating func note(_ name: RelativePath, _ path: FilePath, _ found: FolderWalk.Found) {
        switch found {
        case .file(let status): files[name] = UploadFile(name: name, path: path, status: status)
        case .folder(let status): folders[name] = FileAttributes(status)
        case .link(.success(let target)):
            if ![.regular, .directory].contains(target.kind) {
                problems[name] = "'\(name)' is a link to \(Self.word(target.kind))"
            } else {
                links[name] = PendingLink(path: path, target: target)
            }
        case .link(.failure(let error)):
            let target = (try? FileSystem.readLink(path).string) ?? "?"
            problems[name] = "'\(name)' is a link to '\(target)': \(error.errno)"
        case .special(let kind): problems[name] = Self.special(name, kind)
        case .unreadable(let error): problems[name] = "\(error)"
        }
    }

    /// Follows a link in a folder that was reached through a link; returns true if the target is to be entered.
    private mutating func follow(_ place: FolderWalk.Place, _ target: FileStatus) -> Bool {
        guard target.kind == .directory else {
            let found: FolderWalk.Found = target.kind == .regular ? .file(target) : .special(target.kind)
            note(place.name, place.path, found)
            return false
        }
        let isBelow = (try? FileSystem.realPath(place.path)).flatMap { Self.path($0, below: realData) } != nil
        guard isBelow, !place.leadsBack(to: target) else {
            problems[place.name] = "'\(place.name)' is a link to a folder that is no part of it"
            return false
        }
        folders[place.name] = FileAttributes(target)
        return true
    }

    private static func special(_ name: RelativePath, _ kind: FileStatus.Kind) -> String {
        "'\(name)' is \(word(kind)), which no bucket can hold"
    }

    private static func word(_ kind: FileStatus.Kind) -> String {
        switch kind {
        case .fifo: "a FIFO"
        case .socket: "a socket"
        case .characterDevice, .blockDevice: "a device"
        case .regular: "a file"
        case .directory: "a folder"
        case .symbolicLink: "a link"
        case .unknown: "something unknown"
        }
    }

    /// Returns the collected files, links and problems, after each link was either kept or followed.
    mutating func finish() throws(POSIXError) -> (files: [UploadFile], tree: TreeRecord, problems: [String]) {
        var kept: [TreeRecord.Link] = []
        // A followed folder may contain further links. Those are followed as well, since they are outside the root.
        for (name, link) in links.sorted(by: { $0.key < $1.key }) {
            if let record = try inside(name, link) { kept.append(record) } else { try follow(name, link) }
        }
        let folders = folders.sorted { $0.key < $1.key }.map { TreeRecord.Folder(path: $0.key, attributes: $0.value) }
        return (
            files.values.sorted { $0.name < $1.name }, TreeRecord(links: kept, folders: folders),
            problems.sorted { $0.key < $1.key }.map(\.value)
        )
    }

    /// Returns the record of a link that stays a link, nil for any other.
    ///
    /// Its target must be collected too, and the link must resolve to it wherever the root is restored.
    private func inside(_ name: RelativePath, _ link: PendingLink) throws(POSIXError) -> TreeRecord.Link? {
        let real = try FileSystem.realPath(link.path)
        guard let below = Self.path(real, below: realRoot), let place = RelativePath(below),
            files[place] != nil || folders[place] != nil
        else { return nil }
        let target = try FileSystem.readLink(link.path).bytes
        // If another link is on the way, the names alone do not determine the target.
        guard let record = TreeRecord.Link(path: name, target: target), record.destination == below else { return nil }
        return record
    }

    private mutating func follow(_ name: RelativePath, _ link: PendingLink) throws(POSIXError) {
        if link.target.kind == .regular {
            files[name] = UploadFile(name: name, path: link.path, status: link.target)
            return
        }
        let real = try FileSystem.realPath(link.path)
        guard Self.path(real, below: realData) != nil else {
            problems[name] = "'\(name)' is a link to the folder \(real), which is not below the data folder"
            return
        }
        let place = try FileSystem.realPath(link.path.removingLastComponent())
        guard place != real, Self.path(place, below: real) == nil else {
            problems[name] = "'\(name)' is a link to \(real), a folder that it is in itself"
            return
        }
        folders[name] = FileAttributes(link.target)
        try add(link.path, below: name.bytes, isElsewhere: true) { _ in true }
    }

    /// Returns one resolved path relative to another, empty if they are equal, nil if it is not below the other.
    private static func path(_ real: FilePath, below root: FilePath) -> [UInt8]? {
        let (real, root) = (real.bytes, root.bytes)
        if real == root { return [] }
        let parent = root == [UInt8(ascii: "/")] ? root : root + [UInt8(ascii: "/")]
        return real.starts(with: parent) ? Array(real.dropFirst(parent.count)) : nil
    }
}
