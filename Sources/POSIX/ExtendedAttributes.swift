private import CLinux
package import SystemPackage

extension File {
    /// Returns the extended attributes whose names are wanted; empty where the file system does not support any.
    package func extendedAttributes(
        where isWanted: (String) -> Bool
    ) throws(POSIXError) -> [String: [UInt8]] {
        try ExtendedAttributes.read(of: path, descriptor, where: isWanted)
    }
}

extension Folder {
    /// Returns the folder's own extended attributes whose names are wanted.
    package func extendedAttributes(
        where isWanted: (String) -> Bool
    ) throws(POSIXError) -> [String: [UInt8]] {
        try ExtendedAttributes.read(of: path, descriptor, where: isWanted)
    }

    /// Returns the wanted extended attributes of an entry, also of a FIFO or a device, which must not be opened.
    package func extendedAttributes(
        of name: FilePath.Component, where isWanted: (String) -> Bool
    ) throws(POSIXError) -> [String: [UInt8]] {
        // No system call takes a folder and a name here, but the links in /proc/self/fd lead to the folder itself.
        let file = FilePath("/proc/self/fd/\(descriptor)").appending(name)
        return try ExtendedAttributes.read(
            of: path.appending(name), where: isWanted,
            list: { buffer, size in file.withPlatformString { llistxattr($0, buffer, size) } },
            get: { name, buffer, size in file.withPlatformString { lgetxattr($0, name, buffer, size) } })
    }
}

/// Reading of attributes through either family of calls. <https://man7.org/linux/man-pages/man7/xattr.7.html>
private enum ExtendedAttributes {
    /// Linux's limit in bytes for the list of names, and for one value.
    private static let limit = 64 << 10

    static func read(
        of path: FilePath, _ descriptor: Int32, where isWanted: (String) -> Bool
    ) throws(POSIXError) -> [String: [UInt8]] {
        try read(
            of: path, where: isWanted, list: { flistxattr(descriptor, $0, $1) },
            get: { fgetxattr(descriptor, $0, $1, $2) })
    }

    static func read(
        of path: FilePath, where isWanted: (String) -> Bool, list: (UnsafeMutablePointer<CChar>?, Int) -> Int,
        get: (String, UnsafeMutableRawPointer?, Int) -> Int
    ) throws(POSIXError) -> [String: [UInt8]] {
        let length = list(nil, 0)
        if length == 0 { return [:] }
        guard length > 0 else {
            if [ENOTSUP, ENODATA].contains(CLinux.__errno_location().pointee) { return [:] }
            throw POSIXError.last("list the attributes of", path)
        }
        var names = [CChar](repeating: 0, count: limit)
        let count = list(&names, names.count)
        guard count >= 0 else { throw POSIXError.last("list the attributes of", path) }
        var attributes: [String: [UInt8]] = [:]
        for bytes in names[..<count].split(separator: 0) {
            guard let name = String(validating: bytes.map { UInt8(bitPattern: $0) }, as: UTF8.self), isWanted(name)
            else { continue }
            var value = [UInt8](repeating: 0, count: limit)
            let size = value.withUnsafeMutableBytes { get(name, $0.baseAddress, $0.count) }
            guard size >= 0 else { throw POSIXError.last("read the attribute \(name) of", path) }
            attributes[name] = Array(value[..<size])
        }
        return attributes
    }
}
