import CLibArchive

/// Conversion of access control lists to the extended attributes in which the kernel stores them.
///
/// GNU tar and bsdtar write ACLs as text, which libarchive parses. Container tools write the attributes, and restore no
/// other form.
/// <https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/include/uapi/linux/posix_acl_xattr.h>
enum AccessControlList {
    private static let version: UInt32 = 2
    private static let nobody = UInt32.max
    private static let tags: [(archive: Int32, kernel: UInt16)] = [
        (ARCHIVE_ENTRY_ACL_USER_OBJ, 0x01), (ARCHIVE_ENTRY_ACL_USER, 0x02), (ARCHIVE_ENTRY_ACL_GROUP_OBJ, 0x04),
        (ARCHIVE_ENTRY_ACL_GROUP, 0x08), (ARCHIVE_ENTRY_ACL_MASK, 0x10), (ARCHIVE_ENTRY_ACL_OTHER, 0x20),
    ]

    private struct Rule {
        let tag: UInt16
        let permissions: UInt16
        let identity: UInt32
    }

    /// Returns the attributes for the ACLs of an entry.
    static func attributes(of raw: OpaquePointer) -> [String: [UInt8]] {
        var attributes: [String: [UInt8]] = [:]
        for (type, name) in [
            (ARCHIVE_ENTRY_ACL_TYPE_ACCESS, "system.posix_acl_access"),
            (ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, "system.posix_acl_default"),
        ] {
            let rules = rules(of: raw, type)
            if !rules.isEmpty { attributes[name] = encode(rules) }
        }
        return attributes
    }

    private static func rules(of raw: OpaquePointer, _ wanted: Int32) -> [Rule] {
        guard archive_entry_acl_reset(raw, wanted) > 0 else { return [] }
        var rules: [Rule] = []
        var (type, permissions, tag, identity): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
        var name: UnsafePointer<CChar>?
        while archive_entry_acl_next(raw, wanted, &type, &permissions, &tag, &identity, &name) == ARCHIVE_OK {
            guard let known = tags.first(where: { $0.archive == tag }) else { return [] }
            let isNamed = tag == ARCHIVE_ENTRY_ACL_USER || tag == ARCHIVE_ENTRY_ACL_GROUP
            // A name without a number cannot be resolved in an image, which has other users.
            if isNamed && identity < 0 { continue }
            rules.append(
                Rule(
                    tag: known.kernel, permissions: UInt16(truncatingIfNeeded: permissions & 7),
                    identity: isNamed ? UInt32(identity) : nobody))
        }
        return rules
    }

    /// Encodes the rules in the order that the kernel requires: by tag, then by number.
    private static func encode(_ rules: [Rule]) -> [UInt8] {
        var bytes: [UInt8] = []
        func append(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
        append(version)
        for rule in rules.sorted(by: { ($0.tag, $0.identity) < ($1.tag, $1.identity) }) {
            append(rule.tag)
            append(rule.permissions)
            append(rule.identity)
        }
        return bytes
    }
}
