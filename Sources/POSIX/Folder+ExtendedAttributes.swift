private import CLinux
public import SystemPackage

extension Folder {
    /// The values that a name in this folder has, a link itself too; none where the file system knows none.
    public func extendedAttributes(_ name: FilePath.Component) throws(POSIXError) -> [String: [UInt8]] {
        let place = descriptorPath.appending(name)
        guard
            let names = try Self.bytes(
                "list the attributes of", place, { llistxattr($0, $1?.assumingMemoryBound(to: CChar.self), $2) })
        else { return [:] }
        var values: [String: [UInt8]] = [:]
        for name in names.split(separator: 0).map({ String(decoding: $0, as: UTF8.self) }) {
            let value = try Self.bytes("read attribute \(name) of", place) { lgetxattr($0, name, $1, $2) }
            // One that vanished in between, or that this user may not read.
            if let value { values[name] = value }
        }
        return values
    }

    /// What a call gives into a buffer of the length that it asks for; nil where there is nothing.
    private static func bytes(
        _ action: String, _ place: FilePath,
        _ call: (UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int) -> Int
    ) throws(POSIXError) -> [UInt8]? {
        for _ in 0..<8 {
            let length = place.withPlatformString { call($0, nil, 0) }
            if length == 0 { return [] }
            var buffer = [UInt8](repeating: 0, count: max(length, 1))
            let count = length < 0 ? length : place.withPlatformString { call($0, &buffer, length) }
            if count >= 0 { return Array(buffer[..<count]) }
            let reason = Errno(rawValue: CLinux.__errno_location().pointee)
            if [.notSupported, .noData, .permissionDenied, .notPermitted].contains(reason) { return nil }
            // It grew in between.
            guard reason == .outOfRange else { throw POSIXError(action, place, reason) }
        }
        throw POSIXError(action, place, .outOfRange)
    }
}
