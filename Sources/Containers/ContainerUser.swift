import ByteText
import SystemPackage
import Wording

/// The user and the groups that a container's process runs with, as numbers inside the container.
package struct ContainerUser: Sendable, Equatable {
    package let id: UInt32
    package let group: UInt32
    /// The supplementary groups.
    package let groups: [UInt32]

    /// Root, with group 0 and no supplementary groups.
    package static let root = ContainerUser(id: 0, group: 0, groups: [])

    private init(id: UInt32, group: UInt32, groups: [UInt32]) {
        self.id = id
        self.group = group
        self.groups = groups
    }

    /// Reads `user`, `uid`, `user:group`, with numbers or names that the image's own files explain; no name is user 0,
    /// whose further groups the image names as anybody's.
    ///
    /// Source: <https://github.com/opencontainers/image-spec/blob/main/config.md#properties>, `User`.
    package init(_ text: String, in root: RootResolver) throws {
        let parts = text.split(byte: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let name = parts[0].isEmpty ? "0" : parts[0]
        let users = Self.fields(root.content(of: "/etc/passwd"))
        let entry = users.first { $0.first == name } ?? users.first { $0.count > 3 && $0[2] == name }
        guard let id = UInt32(name) ?? entry.flatMap({ $0.count > 3 ? UInt32($0[2]) : nil }) else {
            throw Failure("run as user '\(name)'", "the image's /etc/passwd does not name it")
        }
        let known = Self.fields(root.content(of: "/etc/group"))
        if parts.count == 2 {
            let wanted = parts[1]
            let number = UInt32(wanted) ?? known.first { $0.first == wanted && $0.count > 2 }.flatMap { UInt32($0[2]) }
            guard let group = number else {
                throw Failure("run as group '\(wanted)'", "the image's /etc/group does not name it")
            }
            self.init(id: id, group: group, groups: [])
            return
        }
        let userName = entry?.first ?? name
        let groups = known.filter { $0.count > 3 && $0[3].split(byte: ",").contains(Substring(userName)) }
        self.init(
            id: id, group: entry.flatMap { $0.count > 3 ? UInt32($0[3]) : nil } ?? 0,
            groups: groups.compactMap { UInt32($0[2]) })
    }

    private static func fields(_ content: [UInt8]) -> [[String]] {
        String(decoding: content, as: UTF8.self).split(separator: "\n").map { line in
            line.split(byte: ":", omittingEmptySubsequences: false).map(String.init)
        }
    }
}
