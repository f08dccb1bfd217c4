import Definitions
import JSON
import OCI
import POSIX
import SystemPackage

extension LayerBuilder {
    /// Chooses the packages of a layer, or takes them from the lock; fails early for a bad requirement or index.
    func choose(_ layer: ImageDefinition.PythonLayer, _ platform: Platform) async throws -> [WheelPin] {
        let target = try PythonTarget(layer, platform)
        let path = try Self.absolute(layer.requirements)
        let file = try RequirementsFile(reading: path)
        let input: JSONValue = [
            "kind": "python", "requirements": .string(file.digest),
            "target": .array(target.inputs.map { .string($0) }),
        ]
        let pins: [WheelPin]
        if let known = try locked.locked(input, at: place)?["wheels"].map(WheelPin.list(locked:)) {
            pins = known
        } else {
            report(.step("python: choose the packages of \(layer.requirements.lastComponent?.string ?? "")"))
            let downloads = cache.folder.removingLastComponent()
            let report = report
            pins = try await withTemporaryFolder { (temporary) in
                let installer = try await PythonInstaller(for: target, cache: downloads, report: report)
                return try await installer.choose(path, temporary: temporary)
            }
        }
        locked.note(input, ["wheels": .array(pins.map(\.json))])
        return pins
    }

    /// Makes the layers of chosen packages; their cache key contains the names, versions and digests.
    func python(
        _ layer: ImageDefinition.PythonLayer, _ platform: Platform, _ pins: [WheelPin], epoch: Int64, isOnBase: Bool
    ) async throws -> [BuiltLayer] {
        let name = "python: \(layer.requirements.lastComponent?.string ?? "") into \(layer.into)"
        report(.step(name))
        let target = try PythonTarget(layer, platform)
        let downloads = cache.folder.removingLastComponent()
        let path = try Self.absolute(layer.requirements)
        let file = try RequirementsFile(reading: path)
        let parents = try parents(to: layer.into, onBase: isOnBase, modified: epoch)
        return try await withTemporaryFolder { (temporary) in
            let installer = try await PythonInstaller(for: target, cache: downloads, report: report)
            let compiler = await Bytecode.compiler(for: layer.version)
            let inputs =
                ["python", layer.interpreter, layer.into, compiler?.version ?? "none", "\(epoch)", "\(isOnBase)"]
                + [String(decoding: parents.flatMap(\.fingerprint), as: UTF8.self)]
                + target.inputs + pins.map(\.line)
            if let known = await cache.findAll(inputs) { return known }
            // No other layer has files with this time, so Python never uses this bytecode for a module of another
            // layer.
            let modified = compiler == nil ? epoch : epoch + 1
            let site = temporary.appending("site")
            try FileSystem.makeFolder(site)
            report(.step("\(installer.name): \(pins.count) packages for \(target.description)"))
            try await installer.install(pins, file, into: site, temporary: temporary)
            let packages = SitePackages(folder: site, interpreter: layer.interpreter)
            try await BlockingThread.run { try packages.normalize() }
            if let compiler {
                try await Bytecode.compile(
                    site, as: layer.into, by: compiler.program, threads: threads, modified: modified)
            } else {
                report(
                    .warning(
                        "\(layer.into) has no bytecode, so that programs start more slowly: there is no "
                            + "python\(layer.version) on this machine to compile it"))
            }
            var source = FileSource(
                title: name, from: site, into: layer.into, rules: try IgnoreRules([]), time: .fixed(modified),
                isOnBase: isOnBase)
            source.split = .automatic
            source.earlier = earlierFiles
            let built = try await layers(of: source)
            try cache.keepAll(built, for: inputs)
            return built
        }
    }

    /// Returns the absolute path of a file, for programs that run in the file's folder.
    private static func absolute(_ file: FilePath) throws -> FilePath {
        guard let name = file.lastComponent else { return file }
        let folder = file.removingLastComponent()
        return try FileSystem.realPath(folder.isEmpty ? "." : folder)
            .appending(name)
    }
}
