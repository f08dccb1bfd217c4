private import Hashing
import JSON
package import SystemPackage

/// The symbolic links and folders of a recorded folder; includes empty folders.
package struct TreeRecord: Sendable, Hashable {
    /// A symbolic link that stays within the recorded folder.
    package struct Link: Sendable, Hashable {
        /// The path of the link itself.
        package let path: RelativePath
        /// The link's target, relative to the folder that contains the link.
        package let target: [UInt8]

        /// Creates a link; returns nil if the target is absolute or leaves the recorded folder.
        package init?(path: RelativePath, target: [UInt8]) {
            guard Self.stays(target, from: path) else { return nil }
            self.path = path
            self.target = target
        }

        /// The target as the file system takes it.
        package var targetPath: FilePath { FilePath(platformString: target.map { CChar(bitPattern: $0) } + [0]) }

        /// The bytes of the path that the target resolves to lexically, empty for the recorded folder itself.
        package var destination: [UInt8] {
            var names = path.names.dropLast().map { Array($0) }
            for name in Self.names(target) {
                if name == Array("..".utf8) {
                    names.removeLast()
                } else if name != Array(".".utf8) {
                    names.append(name)
                }
            }
            return Array(names.joined(separator: [UInt8(ascii: "/")]))
        }

        private static func names(_ target: [UInt8]) -> [[UInt8]] {
            target.split(separator: UInt8(ascii: "/")).map { Array($0) }
        }

        /// Returns true if no prefix of `target`, resolved from the link's folder, leaves the recorded folder.
        private static func stays(_ target: [UInt8], from path: RelativePath) -> Bool {
            guard !target.isEmpty, !target.contains(0), target.first != UInt8(ascii: "/") else { return false }
            var depth = path.names.count - 1
            for name in names(target) where name != Array(".".utf8) {
                depth += name == Array("..".utf8) ? -1 : 1
                if depth < 0 { return false }
            }
            return true
        }
    }

    /// A folder with its mode and modification time.
    package struct Folder: Sendable, Hashable {
        package let path: RelativePath
        package let attributes: FileAttributes

        package init(path: RelativePath, attributes: FileAttributes) {
            self.path = path
            self.attributes = attributes
        }
    }

    /// All links, sorted by path.
    package var links: [Link]
    /// All folders, sorted by path, so that each precedes its contents.
    package var folders: [Folder]

    package init(links: [Link] = [], folders: [Folder] = []) {
        self.links = links
        self.folders = folders
    }

    /// Reads `links` and `folders`; throws if a path passes through a link or a target leaves the recorded folder.
    init(json: JSONValue, files: [FileRecord]) throws {
        self.init()
        for link in try json.list("links") {
            let path = try RelativePath(json: link)
            guard let target = [UInt8](base64: try link.text("target_base64")),
                let read = Link(path: path, target: target)
            else { throw JSONError("the link '\(path)' leaves its folder") }
            links.append(read)
        }
        for folder in try json.list("folders") {
            guard let attributes = try FileAttributes(json: folder) else { throw JSONError("a folder has no mode") }
            folders.append(Folder(path: try RelativePath(json: folder), attributes: attributes))
        }
        let linked = Set(links.map(\.path))
        guard linked.count == links.count else { throw JSONError("two links have one path") }
        for path in files.map(\.path) + folders.map(\.path) + links.map(\.path) {
            try Self.refuse(path, passing: linked)
        }
        for path in files.map(\.path) + folders.map(\.path) where linked.contains(path) {
            throw JSONError("'\(path)' is a link and something else")
        }
        // Each component of a target is checked. None may itself be a link, which could lead elsewhere.
        for link in links { try Self.refuse(target: link, linked) }
    }

    private static func refuse(_ path: RelativePath, passing linked: Set<RelativePath>) throws {
        guard !linked.isEmpty else { return }
        let names = path.names
        for count in 1..<max(1, names.count) {
            guard let above = RelativePath(names.prefix(count).joined(separator: [UInt8(ascii: "/")])) else { continue }
            if linked.contains(above) { throw JSONError("'\(path)' lies behind the link '\(above)'") }
        }
    }

    private static func refuse(target link: Link, _ linked: Set<RelativePath>) throws {
        var at = Array(link.path.names.dropLast().map { Array($0) })
        let names = link.target.split(separator: UInt8(ascii: "/")).map { Array($0) }
        for (index, name) in names.enumerated() {
            if name == Array(".".utf8) { continue }
            if name == Array("..".utf8) { at.removeLast() } else { at.append(name) }
            let isLast = index == names.count - 1
            guard !isLast, let passed = RelativePath(at.joined(separator: [UInt8(ascii: "/")])) else { continue }
            if linked.contains(passed) { throw JSONError("the link '\(link.path)' passes through '\(passed)'") }
        }
    }

    /// Adds the members that ``init(json:files:)`` reads.
    func add(to json: inout JSONValue) {
        if !links.isEmpty {
            json["links"] = .array(
                links.map { link in
                    var json = link.path.members
                    json["target"] = .string(String(decoding: link.target, as: UTF8.self))
                    json["target_base64"] = .string(link.target.base64)
                    return json
                })
        }
        if !folders.isEmpty {
            json["folders"] = .array(
                folders.map { folder in
                    var json = folder.path.members
                    folder.attributes.add(to: &json)
                    return json
                })
        }
    }
}
