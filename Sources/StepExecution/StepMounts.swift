import ByteText
import Containers
import Hashing
import ImageLayers
import POSIX
import SystemPackage
import Wording
import Processes

/// The mounts of a command: the host's name resolution, and the mounts of its `--mount` flags.
struct StepMounts: Sendable {
    private(set) var mounts: [RuntimeMount] = []
    /// The environment variables with secrets.
    private(set) var variables: [(name: String, value: String)] = []
    private var locks: [HeldLock] = []
    private let session: StepScratch
    private let trees: LayerTrees
    private let points: MountPoints

    init(_ command: StepCommand, _ session: StepScratch, _ trees: LayerTrees, _ points: MountPoints) throws {
        self.session = session
        self.trees = trees
        self.points = points
        for folder in ["/proc", "/dev", "/sys"] { try points.add(folder, isFolder: true) }
        try addHostFiles(network: command.network)
        for (number, mount) in command.mounts.enumerated() {
            switch mount {
            case .cache(let cache): try add(cache)
            case .bind(let bind): try add(bind, number)
            case .secret(let secret): try add(secret, number)
            case .tmpfs(let target, let size): try addTemporary(target, size)
            }
        }
    }

    private mutating func add(_ mount: RuntimeMount, isFolder: Bool) throws {
        // These three are mounted by then, so the mount point is not in the image.
        let isOnMount = ["/proc/", "/dev/", "/sys/"].contains { mount.place.hasPrefix(bytes: $0) }
        if !isOnMount { try points.add(mount.place, isFolder: isFolder) }
        mounts.append(mount)
    }

    private mutating func addHostFiles(network: StepCommand.Network) throws {
        let own = "127.0.0.1 localhost \(StepContainer.hostname)\n::1 localhost \(StepContainer.hostname)\n"
        let files = try session.makeScratch("host")
        let resolver = network == .private ? "nameserver \(PrivateNetwork.nameserver)\n" : ""
        for (name, added) in [("hosts", own), ("resolv.conf", resolver)] {
            let content = network == .host ? (try? FileSystem.read(FilePath("/etc/\(name)"))) ?? [] : []
            let file = files.appending(name)
            try FileSystem.write(Array(added.utf8) + content, to: file, mode: 0o644, exactly: true)
            try add(.bind(file.string, at: "/etc/\(name)", isReadOnly: true), isFolder: false)
        }
    }

    private mutating func add(_ secret: SecretMount, _ number: Int) throws {
        guard let content = secret.content else { return }
        if let variable = secret.variable { variables.append((variable, String(decoding: content, as: UTF8.self))) }
        guard let target = secret.target else { return }
        let file = session.scratch.appending("secret-\(number)")
        let open = try File(file, .create(mode: 0o600))
        try open.write(content)
        try open.setOwner(user: secret.owner.user, group: secret.owner.group)
        try open.setMode(secret.mode)
        try add(.bind(file.string, at: target, isReadOnly: true), isFolder: false)
    }

    private mutating func addTemporary(_ target: String, _ size: Int64?) throws {
        let options = ["nosuid", "nodev", "mode=1777"] + (size.map { ["size=\($0)"] } ?? [])
        try add(RuntimeMount(target, kind: "tmpfs", source: "tmpfs", options: options), isFolder: true)
    }

    private mutating func add(_ bind: BindMount, _ number: Int) throws {
        let layers: [FilePath]
        switch bind.source {
        case .folder(let folder, _): layers = [folder]
        case .layers(let below): layers = try hold(below)
        }
        let view = try session.makeScratch("bind-\(number)")
        if bind.isWritable {
            let folder = try session.makeFolder("bind-\(number)")
            let work = try session.makeFolder("bind-\(number)/work")
            let changes = try LayerTrees.makeTree(in: folder, like: layers.last)
            try session.overlay.mount(layers, changes: changes, work: work, at: view)
        } else {
            try session.overlay.mount(layers, at: view)
        }
        let source = try find(bind.path, in: view)
        let isFolder = try FileStatus(source).kind == .directory
        try add(.bind(source.string, at: bind.target, isReadOnly: !bind.isWritable), isFolder: isFolder)
    }

    /// Resolves a path in the files of a mount; symbolic links cannot lead out of them.
    private func find(_ path: String, in view: FilePath) throws -> FilePath {
        guard let relative = RootResolver(path: view).canonical(FilePath(path)) else {
            throw Failure("mount \(path)", "its links lead in a circle")
        }
        let found = view.appending(relative.components)
        guard (try? FileStatus(found)) != nil else {
            throw Failure("mount \(path)", "there is no such file in what it is mounted from")
        }
        return found
    }

    private mutating func hold(_ layers: [BuiltLayer]) throws -> [FilePath] {
        let held = try trees.trees(of: layers)
        locks += held.map(\.lock)
        return held.map(\.path)
    }

    private mutating func add(_ cache: CacheMount) throws {
        let folder = try folder(of: cache)
        try CacheAge.settle(folder, to: cache.newest)
        try add(.bind(folder.string, at: cache.target, isReadOnly: cache.isReadOnly), isFolder: true)
    }

    /// Returns a cache's folder, which is created if necessary, and locked according to the cache's sharing.
    private mutating func folder(of cache: CacheMount) throws -> FilePath {
        let name = SHA256.hash(Array(cache.place.utf8)).hexadecimal
        for number in 0..<1000 {
            let name = number == 0 ? name : "\(name).\(number)"
            guard let lock = try hold(cache, name) else { continue }
            locks.append(lock)
            return session.place.caches.appending(name)
        }
        throw Failure("use cache \(cache.id)", "a thousand builds use it")
    }

    /// Locks a cache's folder; returns nil if another build uses it exclusively.
    private mutating func hold(_ cache: CacheMount, _ name: String) throws -> HeldLock? {
        let folder = session.place.caches.appending(name)
        for _ in 0..<100 {
            try makeCache(cache, at: folder, name)
            guard let file = try? File(readingNoFollow: folder) else { continue }
            if cache.sharing == .locked, try !file.lock(wait: false) {
                trees.report(.step("waiting for cache \(cache.id), which another build uses"))
            }
            let isOurs = try file.lock(wait: cache.sharing != .private, shared: cache.sharing == .shared)
            guard isOurs else { return nil }
            // Removal takes an exclusive lock and renames the folder first.
            if file.hasItsName { return HeldLock(file) }
        }
        throw Failure("use cache \(cache.id)", "it is removed as often as it is made")
    }

    private mutating func makeCache(_ cache: CacheMount, at folder: FilePath, _ name: String) throws {
        if FileSystem.exists(folder) { return }
        // Without the lock, a second new folder could replace the first one, which is empty but may be in use by then.
        let lock = try session.lock(name)
        defer { withExtendedLifetime(lock) {} }
        if FileSystem.exists(folder) { return }
        let new = try session.makeFolder("cache-\(UInt32.random(in: 0 ... .max))")
        try Folder(new).setAttributes(
            owner: (cache.owner.user, cache.owner.group), mode: cache.mode, modifiedSeconds: cache.newest)
        if let source = cache.source { try fill(new, from: source, cache.sourcePath) }
        try FileSystem.rename(new, to: folder)
    }

    /// Copies the initial content of a new cache.
    private mutating func fill(_ folder: FilePath, from source: MountSource, _ path: String) throws {
        let layers: [FilePath]
        switch source {
        case .folder(let folder, _): layers = [folder]
        case .layers(let below): layers = try hold(below)
        }
        let view = try session.makeScratch("source-\(folder.lastComponent?.string ?? "")")
        try session.overlay.mount(layers, at: view)
        let from = try find(path, in: view)
        let isCopied = try SystemProgram.run("cp", ["-a", "--", "\(from)/.", folder.string])
        guard isCopied else { throw Failure("copy \(path) into a new cache", "cp failed") }
        try Mount.remove(view)
    }
}
