private import Hashing
import JSON
package import SystemPackage

/// What a folder holds besides files: links between them, and the folders themselves, also empty ones.
package struct TreeRecord: Sendable, Hashable {
    /// A symbolic link.
    package struct Link: Sendable, Hashable {
        /// Its own path.
        package let path: RelativePath
        /// What it says, relative to the folder that it is in.
        package let target: [UInt8]

        /// A link; nil where its target is absolute or leaves the recorded folder.
        package init?(path: RelativePath, target: [UInt8]) {
            guard Self.stays(target, from: path) else { return nil }
            self.path = path
            self.target = target
        }

        /// The target as it is given to the file system.
        package var targetPath: FilePath { FilePath(platformString: target.map { CChar(bitPattern: $0) } + [0]) }

        /// The bytes of the path that the target leads to, name by name, empty for the folder that all paths are below.
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

        /// True where following the names of `target` one by one never leaves the folder that paths are below.
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

    /// A folder.
    package struct Folder: Sendable, Hashable {
        /// Its path.
        package let path: RelativePath
        /// Its mode and time.
        package let attributes: FileAttributes

        /// A folder from its parts.
        package init(path: RelativePath, attributes: FileAttributes) {
            self.path = path
            self.attributes = attributes
        }
    }

    /// Every link, in the order of paths.
    package var links: [Link]
    /// Every folder, in the order of paths, so that one comes before what is in it.
    package var folders: [Folder]

    /// A record of these.
    package init(links: [Link] = [], folders: [Folder] = []) {
        self.links = links
        self.folders = folders
    }

    /// Reads `links` and `folders`; what would pass through a link, or lead out of the folder by one, is refused.
    init(json: JSONValue, files: [FileRecord]) throws(JSONError) {
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
        // A target is followed name by name, so that none of them is a link itself, which might lead elsewhere.
        for link in links { try Self.refuse(target: link, linked) }
    }

    private static func refuse(
        _ path: RelativePath, passing linked: Set<RelativePath>
    ) throws(JSONError) {
        guard !linked.isEmpty else { return }
        let names = path.names
        for count in 1..<max(1, names.count) {
            guard let above = RelativePath(names.prefix(count).joined(separator: [UInt8(ascii: "/")])) else { continue }
            if linked.contains(above) { throw JSONError("'\(path)' lies behind the link '\(above)'") }
        }
    }

    private static func refuse(target link: Link, _ linked: Set<RelativePath>) throws(JSONError) {
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

    /// Adds what ``init(json:files:)`` reads.
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
