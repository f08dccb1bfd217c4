import POSIX
package import SystemPackage

/// The user and group IDs inside a user namespace, and the IDs outside that they map to.
///
/// Source: <https://man7.org/linux/man-pages/man7/user_namespaces.7.html>.
package struct IDMapping: Sendable, Hashable, CustomStringConvertible {
    /// A range of IDs that is contiguous both inside and outside.
    struct Range: Sendable, Hashable {
        let inside: UInt32
        let outside: UInt32
        let count: UInt32

        var text: String { "\(inside) \(outside) \(count)" }
    }

    let users: [Range]
    let groups: [Range]

    /// Whether root is the only user in the namespace.
    package var isSingle: Bool { users.count == 1 }

    /// The name of the folder for files that were made with this mapping.
    package var description: String {
        (users.map { "u\($0.outside)+\($0.count)" } + groups.map { "g\($0.outside)+\($0.count)" }).joined(
            separator: "-")
    }

    /// Maps only the current user, who is root inside.
    package static var single: IDMapping {
        IDMapping(
            users: [Range(inside: 0, outside: CurrentUser.id, count: 1)],
            groups: [Range(inside: 0, outside: CurrentUser.group, count: 1)])
    }

    /// The largest mapping that the current user may use; `problem` says why it is only ``single``.
    package static var best: (mapping: IDMapping, problem: String?) {
        let name = CurrentUser.name.isEmpty ? "\(CurrentUser.id)" : CurrentUser.name
        guard let lent = subordinate() else {
            return (
                single,
                "/etc/subuid and /etc/subgid lend \(name) none; as root: usermod --add-subuids 100000-165535 "
                    + "--add-subgids 100000-165535 \(name)"
            )
        }
        let search = ProgramSearch()
        guard !search.all("newuidmap").isEmpty, !search.all("newgidmap").isEmpty else {
            return (single, "newuidmap is missing; as root: apt-get install uidmap")
        }
        return (lent, nil)
    }

    /// Returns a mapping of the current user to root, and of the user's subordinate IDs to 1 and up.
    ///
    /// Returns nil if the files list no subordinate IDs for this user.
    /// Source: <https://man7.org/linux/man-pages/man5/subuid.5.html>.
    package static func subordinate(users: FilePath = "/etc/subuid", groups: FilePath = "/etc/subgid") -> IDMapping? {
        let userRows = rows(in: users)
        let groupRows = rows(in: groups)
        guard !userRows.isEmpty, !groupRows.isEmpty else { return nil }
        return IDMapping(
            users: [Range(inside: 0, outside: CurrentUser.id, count: 1)] + userRows,
            groups: [Range(inside: 0, outside: CurrentUser.group, count: 1)] + groupRows)
    }

    private static func rows(in file: FilePath) -> [Range] {
        let content = (try? FileSystem.read(file)) ?? []
        var next: UInt32 = 1
        var rows: [Range] = []
        for line in String(decoding: content, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: ":")
            guard fields.count == 3, [CurrentUser.name, "\(CurrentUser.id)"].contains(String(fields[0])),
                let start = UInt32(fields[1]), let count = UInt32(fields[2]), count > 0
            else { continue }
            let (end, isTooMany) = next.addingReportingOverflow(count)
            guard !isTooMany else { break }
            rows.append(Range(inside: next, outside: start, count: count))
            next = end
        }
        return rows
    }
}
