import POSIX
package import SystemPackage

/// Which numbers of users and groups exist in a user namespace, and who they are outside.
///
/// Source: <https://man7.org/linux/man-pages/man7/user_namespaces.7.html>.
package struct IDMapping: Sendable, Hashable, CustomStringConvertible {
    /// A row of numbers that lie side by side inside and outside.
    struct Range: Sendable, Hashable {
        let inside: UInt32
        let outside: UInt32
        let count: UInt32

        var text: String { "\(inside) \(outside) \(count)" }
    }

    let users: [Range]
    let groups: [Range]

    /// True where there is nobody but root.
    package var isSingle: Bool { users.count == 1 }

    /// A name for the folder of files that were made with this mapping.
    package var description: String {
        (users.map { "u\($0.outside)+\($0.count)" } + groups.map { "g\($0.outside)+\($0.count)" }).joined(
            separator: "-")
    }

    /// This user alone, who is root inside.
    package static var single: IDMapping {
        IDMapping(
            users: [Range(inside: 0, outside: CurrentUser.id, count: 1)],
            groups: [Range(inside: 0, outside: CurrentUser.group, count: 1)])
    }

    /// All the numbers that this user may have, with why those are no more than one.
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

    /// This user as root, and the numbers from 1 on as the administrator lent them to this user.
    ///
    /// Nil where there are none. Source: <https://man7.org/linux/man-pages/man5/subuid.5.html>.
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
