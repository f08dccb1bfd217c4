private import CLinux
package import SystemPackage

/// Replacing the content of existing files.
extension FileSystem {
    /// Writes a file anew, through symbolic links, and keeps its owner, mode, ACL and attributes.
    ///
    /// Readers see either the old or the new content, except where a new file could not replace the old one: a file
    /// with several hard links, a mount point, or another user's file. Such a file is written in place, and so is
    /// anything other than a regular file, such as `/dev/stdout`.
    ///
    /// `mode` applies to a file that did not exist, under the umask. With `narrow`, for secrets, the file loses every
    /// permission that `mode` does not contain.
    package static func rewrite(
        _ path: FilePath, with content: [UInt8], mode: UInt32 = 0o666, narrow: Bool = false, sync: Bool = false
    ) throws(POSIXError) {
        guard let there = try status(behind: path) else {
            return try write(content, to: followed(path), mode: mode, sync: sync)
        }
        guard there.kind == .regular else {
            guard there.kind != .directory else { throw POSIXError("write", path, .isDirectory) }
            return try File(path, .replace(mode: mode)).write(content)
        }
        let place = try realPath(path)
        let kept = narrow ? there.mode & mode : there.mode
        if try replace(place, there, with: content, mode: kept, keepingACL: !narrow, sync: sync) { return }
        let file = try File(place, .update(mode: mode))
        if kept != there.mode { try file.setMode(kept) }
        try file.write(content)
        try file.cut(to: content.count)
        if sync { try file.sync() }
    }

    /// Returns the path to write to after following final symbolic links, also where the target does not exist yet.
    package static func followed(_ path: FilePath) throws(POSIXError) -> FilePath {
        var place = path
        // The kernel's own limit. <https://man7.org/linux/man-pages/man7/path_resolution.7.html>
        for _ in 0..<40 {
            let status: FileStatus
            do throws(POSIXError) { status = try FileStatus(place) } catch {
                if error.errno == .noSuchFileOrDirectory { return place }
                throw error
            }
            guard status.kind == .symbolicLink else { return place }
            place = place.removingLastComponent().pushing(try readLink(place))
        }
        throw POSIXError("follow", path, .tooManySymbolicLinkLevels)
    }

    /// Returns the status behind a path, nil where nothing exists; throws where it cannot be read.
    package static func status(behind path: FilePath) throws(POSIXError) -> FileStatus? {
        do throws(POSIXError) { return try FileStatus(path, followingLinks: true) } catch {
            if [.noSuchFileOrDirectory, .notDirectory].contains(error.errno) { return nil }
            throw error
        }
    }

    /// Replaces a file by a new one with the same attributes; returns false where that is not possible.
    private static func replace(
        _ place: FilePath, _ there: FileStatus, with content: [UInt8], mode: UInt32, keepingACL: Bool, sync: Bool
    ) throws(POSIXError) -> Bool {
        guard there.links == 1 else { return false }
        let temporary = temporaryPath(beside: place)
        do throws(POSIXError) {
            let file = try File(temporary, .create(mode: 0o600))
            try file.write(content)
            try file.takeOver(from: place, there, mode: mode, keepingACL: keepingACL)
            if sync { try file.sync() }
            try rename(temporary, to: place, sync: sync)
            return true
        } catch {
            try? remove(temporary)
            // Errors of the disk are thrown: without room for a second file, writing in place could lose the first one.
            let barred: [Errno] = [.notPermitted, .permissionDenied, .readOnlyFileSystem, .resourceBusy]
            if barred.contains(error.errno) { return false }
            throw error
        }
    }
}

extension File {
    /// Gives a new file the owner, mode, ACL and attributes of the file that it will replace.
    package func takeOver(
        from place: FilePath, _ there: FileStatus, mode: UInt32, keepingACL: Bool = true
    ) throws(POSIXError) {
        let mine = try status()
        if mine.user != there.user || mine.group != there.group {
            guard fchown(descriptor, there.user, there.group) == 0 else {
                throw POSIXError.last("keep the owner of", place)
            }
        }
        try setMode(mode)
        let acl = "system.posix_acl_access"
        func isWanted(_ name: String) -> Bool { name == acl && keepingACL || name.hasPrefix("user.") }
        let old = try File(place, .read).extendedAttributes(where: isWanted)
        // The folder's default ACL gave the new file an ACL that the old one may not have.
        for name in try extendedAttributes(where: { $0 == acl }).keys where old[name] == nil {
            guard fremovexattr(descriptor, name) == 0 else { throw POSIXError.last("keep the rights of", place) }
            try setMode(mode)
        }
        for (name, value) in old {
            let result = value.withUnsafeBytes { fsetxattr(descriptor, name, $0.baseAddress, $0.count, 0) }
            guard result == 0 else { throw POSIXError.last("keep the attributes of", place) }
        }
    }

    /// Truncates the file to `count` bytes.
    fileprivate func cut(to count: Int) throws(POSIXError) {
        guard retrying({ ftruncate(descriptor, off_t(count)) }) == 0 else { throw POSIXError.last("truncate", path) }
    }
}
