import Archive
import ByteText
import Dockerfile
import ImageBuild
import ImageLayers
import OCI
import StepExecution
import Wording

/// The mounts of RUN, with their variables expanded.
///
/// Source: <https://docs.docker.com/reference/dockerfile/#run---mount>.
extension StageBuilder {
    /// Returns the mount, or nil for an ssh mount that is not required: commands get no ssh agent.
    func mount(_ flag: MountFlag, _ expansion: Expansion, at place: SourcePlace) async throws -> StepMount? {
        let flag = try flag.expanded(at: place) { (value) in try expansion.word(value, at: place) }
        let mount = MountOptions(values: flag.options, place: place, workdir: workdir)
        switch flag.kind ?? .bind {
        case .bind: return .bind(try await bind(mount))
        case .cache: return .cache(try await cache(mount))
        case .tmpfs: return .tmpfs(target: mount.target, size: try mount.size())
        case .secret: return .secret(try secret(mount))
        case .ssh:
            guard mount.isSet("required") else { return nil }
            throw mount.failure("an ssh agent cannot be given; a key can come as --mount=type=secret")
        }
    }

    private func bind(_ mount: MountOptions) async throws -> BindMount {
        let isWritable = mount.isSet("readwrite") && !mount.isSet("readonly")
        let (layers, path) = try await files(of: mount)
        return BindMount(source: .layers(layers), path: path, target: mount.target, isWritable: isWritable)
    }

    private func cache(_ mount: MountOptions) async throws -> CacheMount {
        var cache = CacheMount(id: mount.values["id"] ?? mount.target, target: mount.target)
        cache.sharing = CacheMount.Sharing(rawValue: mount.values["sharing"]?.lowercased() ?? "shared") ?? .shared
        cache.isReadOnly = mount.isSet("readonly")
        cache.mode = try mount.mode() ?? 0o755
        cache.owner = try mount.owner()
        cache.newest = build.builder.epoch
        if mount.values["from"] != nil {
            let (layers, path) = try await files(of: mount)
            cache.source = .layers(layers)
            cache.sourcePath = path
        }
        return cache
    }

    private func secret(_ mount: MountOptions) throws -> SecretMount {
        let target = mount.values["target"]
        let name = target.map { ContainerPath.absolute($0, in: workdir) }
        guard let id = mount.values["id"] ?? name?.split(byte: "/").last.map(String.init) else {
            throw mount.failure("a mount of type secret needs 'id'")
        }
        var secret = SecretMount(
            id: id, content: build.request.secrets[id], target: name, variable: mount.values["env"])
        secret.isRequired = mount.isSet("required")
        secret.mode = try mount.mode() ?? 0o400
        secret.owner = try mount.owner()
        return secret
    }

    /// Returns the layers that contain the mounted files, and the path in these layers.
    private func files(of mount: MountOptions) async throws -> (layers: [BuiltLayer], path: String) {
        let path = mount.values["source"] ?? "/"
        guard let from = mount.values["from"] else { return ([try await layer(of: context, path, mount)], "/context") }
        switch try await build.source(from, for: self, at: mount.place) {
        case .folder(let folder): return ([try await layer(of: folder, path, mount)], "/context")
        case .image(let image):
            try await build.fetch(image)
            return (image.layers, path)
        }
    }

    /// Returns the files of a folder as a layer, which a digest of the files identifies.
    ///
    /// Files that the ignore rules exclude are not visible in the mount either.
    private func layer(of context: ContextFolder, _ path: String, _ mount: MountOptions) async throws -> BuiltLayer {
        let found = try context.matches(path)
        guard let (node, _) = found.first, found.count == 1 else {
            throw mount.failure("there is no '\(path)' in \(context.name)")
        }
        let plan = TransferPlan(
            path, to: node.header?.kind == .directory ? "/context/" : "/context", at: mount.place,
            modified: modified)
        guard let layer = try await build.layer(plan, from: context, knownBy: nil) else {
            throw mount.failure("there is no '\(path)' in \(context.name)")
        }
        return layer
    }
}

/// The options of one mount.
struct MountOptions {
    let values: [String: String]
    let place: SourcePlace
    let workdir: String

    /// The mount point as an absolute path, without a slash at the end.
    var target: String {
        let target = ContainerPath.absolute(values["target"] ?? "", in: workdir)
        return target.utf8.count > 1 && target.hasSuffix(bytes: "/")
            ? String(Substring(target.utf8.dropLast())) : target
    }

    func failure(_ reason: String) -> Failure { place.error(reason) }

    func isSet(_ name: String) -> Bool { values[name].map { $0.lowercased() != "false" && $0 != "0" } ?? false }

    func mode() throws -> UInt32? {
        guard let text = values["mode"] else { return nil }
        guard let mode = UInt32(text, radix: 8), mode <= 0o7777 else {
            throw failure("'mode' is an octal number, not '\(text)'")
        }
        return mode
    }

    func owner() throws -> (user: UInt32, group: UInt32) {
        func number(_ name: String) throws -> UInt32 {
            guard let text = values[name] else { return 0 }
            guard let number = UInt32(text) else { throw failure("'\(name)' is a number, not '\(text)'") }
            return number
        }
        return (try number("uid"), try number("gid"))
    }

    /// Returns the size in bytes; the suffixes `k`, `m` and `g` are powers of 1,024, as in docker.
    func size() throws -> Int64? {
        guard let text = values["size"] else { return nil }
        guard let match = text.lowercased().wholeMatch(of: #/(\d{1,15})([kmgt]?)i?b?/#), let number = Int64(match.1)
        else { throw failure("'size' is a size, as in 64m, not '\(text)'") }
        let shift = ["": 0, "k": 10, "m": 20, "g": 30, "t": 40][String(match.2)] ?? 0
        guard number <= Int64.max >> shift else { throw failure("'size' is too big: '\(text)'") }
        return number << shift
    }
}
