import Hashing
import JSON
import SystemPackage

/// The JSON form of the command, for the process that runs it.
extension StepCommand {
    var json: JSONValue {
        [
            "arguments": .array(arguments.map(JSONValue.string)),
            "environment": .array(environment.map { [.string($0.name), .string($0.value)] }),
            "workdir": .string(workdir), "user": .string(user), "network": .string(network.rawValue),
            "mounts": .array(mounts.map(\.json)), "input": .string(input.base64), "name": .string(name),
            "place": place.map(JSONValue.string) ?? .null, "hidden": .array(hidden.map { .string($0.base64) }),
        ]
    }

    init(json: JSONValue) throws {
        var variables: [(name: String, value: String)] = []
        for pair in try json.list("environment") {
            guard let name = pair.array?.first?.string, let value = pair.array?.last?.string else {
                throw JSONError("'environment' holds something that is no variable")
            }
            variables.append((name, value))
        }
        var mounts: [StepMount] = []
        for mount in try json.list("mounts") { mounts.append(try StepMount(json: mount)) }
        self.init(
            try json.texts("arguments"), environment: variables, workdir: try json.text("workdir"),
            user: try json.text("user"), network: Network(rawValue: try json.text("network")) ?? .none, mounts: mounts,
            input: [UInt8](base64: try json.text("input")) ?? [], name: try json.text("name"),
            place: try json.optionalText("place"))
        hidden = try json.texts("hidden").compactMap { [UInt8](base64: $0) }
    }
}

extension StepMount {
    var json: JSONValue {
        switch self {
        case .cache(let cache):
            [
                "type": "cache", "id": .string(cache.id), "target": .string(cache.target),
                "sharing": .string(cache.sharing.rawValue), "read_only": .bool(cache.isReadOnly),
                "mode": .integer(cache.mode), "user": .integer(cache.owner.user),
                "group": .integer(cache.owner.group), "source": cache.source?.json ?? .null,
                "path": .string(cache.sourcePath), "newest": .integer(cache.newest),
            ]
        case .bind(let bind):
            [
                "type": "bind", "source": bind.source.json, "path": .string(bind.path),
                "target": .string(bind.target), "writable": .bool(bind.isWritable),
            ]
        case .secret(let secret):
            [
                "type": "secret", "id": .string(secret.id),
                "content": secret.content.map { .string($0.base64) } ?? .null,
                "target": secret.target.map(JSONValue.string) ?? .null, "required": .bool(secret.isRequired),
                "variable": secret.variable.map(JSONValue.string) ?? .null, "mode": .integer(secret.mode),
                "user": .integer(secret.owner.user), "group": .integer(secret.owner.group),
            ]
        case .tmpfs(let target, let size):
            ["type": "tmpfs", "target": .string(target), "size": size.map { .integer($0) } ?? .null]
        }
    }

    init(json: JSONValue) throws {
        func number(_ name: String) throws -> UInt32 { UInt32(clamping: try json.whole(name)) }
        switch try json.text("type") {
        case "cache":
            var cache = CacheMount(
                id: try json.text("id"), target: try json.text("target"),
                sharing: CacheMount.Sharing(rawValue: try json.text("sharing")) ?? .shared,
                isReadOnly: try json.optionalFlag("read_only") ?? false, mode: try number("mode"),
                owner: (try number("user"), try number("group")), source: try MountSource.optional(json["source"]),
                sourcePath: try json.text("path"))
            cache.newest = Int64(try json.whole("newest"))
            self = .cache(cache)
        case "bind":
            self = .bind(
                BindMount(
                    source: try MountSource(json: try json.member("source")), path: try json.text("path"),
                    target: try json.text("target"), isWritable: try json.optionalFlag("writable") ?? false))
        case "secret":
            self = .secret(
                SecretMount(
                    id: try json.text("id"),
                    content: try json.optionalText("content").flatMap { [UInt8](base64: $0) },
                    target: try json.optionalText("target"), variable: try json.optionalText("variable"),
                    isRequired: try json.optionalFlag("required") ?? false, mode: try number("mode"),
                    owner: (try number("user"), try number("group"))))
        case "tmpfs":
            self = .tmpfs(
                target: try json.text("target"), size: try json.optionalWhole("size").map { Int64($0) })
        case let other: throw JSONError("'\(other)' is no kind of mount")
        }
    }
}

extension MountSource {
    var json: JSONValue {
        switch self {
        case .folder(let path, let digest): ["folder": .string(path.string), "digest": .string(digest)]
        case .layers(let layers): ["layers": .array(layers.map(\.namedJSON))]
        }
    }

    init(json: JSONValue) throws {
        if let folder = try json.optionalText("folder") {
            self = .folder(FilePath(folder), digest: try json.text("digest"))
        } else {
            self = .layers(try json.layers("layers"))
        }
    }

    static func optional(_ json: JSONValue?) throws -> MountSource? {
        guard let json, !json.isNull else { return nil }
        return try MountSource(json: json)
    }
}
