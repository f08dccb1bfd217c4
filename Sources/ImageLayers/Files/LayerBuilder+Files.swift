import Archive
import Definitions
import Hashing
import OCI
import POSIX
import SystemPackage

extension LayerBuilder {
    /// Makes the layers of a `files` entry in a definition.
    func files(_ layer: ImageDefinition.FilesLayer, epoch: Int64, isOnBase: Bool) async throws -> [BuiltLayer] {
        var source = try FileSource(layer, epoch: epoch, isOnBase: isOnBase)
        source.isPrivileged = source.isPrivileged || isPrivileged
        source.earlier = earlierFiles
        return try await layers(of: source)
    }

    /// Makes the layers of a folder or file; layers with unchanged files come from the cache.
    func layers(of source: FileSource) async throws -> [BuiltLayer] {
        report(.step(source.title))
        return try await withTemporaryFolder { (temporary) in
            let report = report
            let files = try await BlockingThread.run {
                let survey = try FileSurvey(source, index: temporary.appending("files"), report: report)
                return try survey.run(started: SystemClock.nanoseconds)
            }
            let progress = FileProgress(source.title, report)
            let bytecode = StaleBytecode()
            let hardLinks = DividedHardLinks()
            defer {
                if bytecode.count > 0 { report(.warning(bytecode.warning(source.title))) }
                if let warning = hardLinks.warning(source.title) { report(.warning(warning)) }
            }
            // With two at a time, one begins while the other is being finished; more would need memory in proportion to
            // the cores.
            let atOnce = min(files.layers.count, threads, 2)
            return try await BoundedTasks.run(files.layers.count, atOnce: atOnce) {
                (place) in
                try await make(
                    files.layers[place], of: files, from: source, threads: max(1, threads / atOnce), progress,
                    (bytecode, hardLinks))
            }
        }
    }

    private func make(
        _ layer: SurveyedFiles.Layer, of files: SurveyedFiles, from source: FileSource, threads: Int,
        _ progress: FileProgress, _ findings: (bytecode: StaleBytecode, hardLinks: DividedHardLinks)
    ) async throws -> BuiltLayer {
        let (name, fingerprint) = try await BlockingThread.run {
            let part = try files.title(of: layer).map { ": \($0)" } ?? ""
            return (source.title + part, try FileFingerprint(of: layer, in: files, from: source))
        }
        findings.hardLinks.add(fingerprint.linked)
        let inputs = source.inputs + ["\(layer.part != .everything)", fingerprint.digest.hexadecimal]
        let known = await cache.find(inputs, createdBy: name)
        if let known, !cache.isVerifying {
            findings.bytecode.add(cache.staleBytecode(of: inputs))
            return known
        }
        let stale = StaleBytecode()
        let built = try await make(createdBy: name, threads: threads) { (writer) in
            var content = try FileLayer(
                layer, of: files, from: source, repeated: fingerprint.repeated, advance: progress.advance)
            content.bytecode = stale
            try content.write(to: &writer)
        }
        findings.bytecode.add(stale.count)
        if let known, known.descriptor.digest != built.descriptor.digest {
            report(.warning("\(name): the files had changed, though their times had not; the layer is made again"))
        }
        // Files that could change again without a new time must be read again by the next build.
        if fingerprint.isLasting {
            try cache.keep(built, for: inputs)
            try cache.keep(staleBytecode: stale.count, of: inputs)
        } else {
            cache.forget(inputs)
        }
        return built
    }
}

extension FileSource {
    /// Takes the settings from a definition.
    init(_ layer: ImageDefinition.FilesLayer, epoch: Int64, isOnBase: Bool) throws {
        title = "files: \(layer.from.lastComponent?.string ?? "/") into \(layer.into)"
        from = layer.from
        into = layer.into
        rules = try Self.rules(of: layer)
        owner = layer.owner.map { .fixed($0) } ?? .keep
        mode = layer.mode
        time = layer.modificationTime == .keep ? .keep : .fixed(epoch)
        split = layer.split
        isPrivileged = layer.isPrivileged
        self.isOnBase = isOnBase
    }

    /// The patterns of the file come first, so that those of the definition can include something again.
    private static func rules(of layer: ImageDefinition.FilesLayer) throws -> IgnoreRules {
        switch layer.ignoreFile {
        case .file(let file): return try IgnoreRules(reading: file, then: layer.exclude)
        case .some(.none): return try IgnoreRules(layer.exclude)
        case nil:
            let file = layer.from.appending(".dockerignore")
            guard FileSystem.exists(file) else { return try IgnoreRules(layer.exclude) }
            return try IgnoreRules(reading: file, then: layer.exclude)
        }
    }
}
