import Archive
import ByteText
import Dockerfile
import ImageLayers
import ImageStore
import SystemPackage
import Wording

/// One item to copy, and its place in the image.
enum TransferStep<Node: TransferNode>: Sendable {
    case contents(of: Node, into: [UInt8])
    case file(Node, at: [UInt8])
    case bytes([UInt8], at: [UInt8])
    case download(FilePath, at: [UInt8])
    case archive(FilePath, into: [UInt8])
    /// The part of a folder that `--parents` selects, with its parent folders.
    case part(of: Node, into: [UInt8], without: IgnoreRules)

    /// Whether the step copies the content of a folder or an archive.
    var isFolder: Bool {
        switch self {
        case .contents, .archive, .part: true
        case .file, .bytes, .download: false
        }
    }
}

extension TransferPlan {
    /// Returns the steps by docker's rules for destinations; none if no file matches any of the patterns.
    ///
    /// Source: <https://docs.docker.com/reference/dockerfile/#destination>.
    func steps<Source: TransferSource>(from source: Source) throws -> [TransferStep<Source.Node>] {
        var steps: [TransferStep<Source.Node>] = []
        let isThere = try placement.isFolder(Array(destination.utf8))
        var isFolder = isThere || destination.hasSuffix(bytes: "/")
        // A missing destination with a slash at the end becomes a folder; if a file is there, that is an error.
        let target =
            isFolder
            ? try placement.folder(Array(destination.utf8)) : try placement.resolve(Array(destination.utf8))
        if !isFolder { _ = try placement.folder(ContainerPath.parent(of: target)) }
        var isFile = false
        for part in sources {
            defer {
                // A folder as a source makes the destination a folder, so that later files go into it.
                isFile = isFile || !isFolder && steps.contains { !$0.isFolder }
                isFolder = isFolder || steps.contains { $0.isFolder }
            }
            switch part {
            case .content(let bytes, let name):
                steps.append(.bytes(bytes, at: isFolder ? ContainerPath.appending(name.utf8, to: target) : target))
            case .download(let file, let name):
                if unpacksDownloads, try TarFile.isTar(file) {
                    steps.append(.archive(file, into: try placement.folder(Array(destination.utf8))))
                    continue
                }
                guard !isFolder || !name.isEmpty else {
                    throw failure(
                        "the URL has no name for the file; let the destination name it, without a '/' at its end")
                }
                steps.append(
                    .download(file, at: isFolder ? ContainerPath.appending(name.utf8, to: target) : target))
            case .path(let path) where keepsParents:
                steps += try stepsWithParents(path, of: source)
            case .path(let path):
                let found = try source.matches(path)
                try require(found.count, path, source)
                for (node, asked) in found {
                    steps += try self.steps(
                        node, asked: asked, of: source, target: target, isFolder: isFolder)
                }
            }
        }
        guard !isFile || steps.count <= 1 else {
            throw failure(
                "\(steps.count) files go to \(destination), which is no folder so far; let it end with '/'")
        }
        return steps
    }

    private func steps<Source: TransferSource>(
        _ node: Source.Node, asked: [UInt8], of source: Source, target: [UInt8], isFolder: Bool
    ) throws -> [TransferStep<Source.Node>] {
        if node.header?.kind == .directory {
            return [.contents(of: node, into: try placement.folder(target))]
        }
        if unpacksFiles, node.header?.kind == .regular, let file = source.place(of: node), try TarFile.isTar(file) {
            return [.archive(file, into: try placement.folder(Array(destination.utf8)))]
        }
        guard isFolder else { return [.file(node, at: target)] }
        return [.file(node, at: ContainerPath.appending(ContainerPath.lastName(of: asked), to: target))]
    }

    /// Returns the steps for `--parents`, which keeps the path after `/./`, including parent folders.
    ///
    /// That part of the path is a pattern for whole paths, and symbolic links in it are not followed, as in BuildKit.
    /// <https://docs.docker.com/reference/dockerfile/#copy---parents>
    private func stepsWithParents<Source: TransferSource>(
        _ text: String, of source: Source
    ) throws -> [TransferStep<Source.Node>] {
        let pivot = text.firstRange(bytes: "/./")
        let above = pivot.map { String(text[..<$0.lowerBound]) } ?? "/"
        let names = ContainerPath.names(Array((pivot.map { text[$0.upperBound...] } ?? text[...]).utf8))
        let isPattern = Source.isPattern(Array(text.utf8))
        if !isPattern { try require(try source.matches(text).count, text, source) }
        let target = try placement.folder(Array(destination.utf8))
        var steps: [TransferStep<Source.Node>] = []
        for (node, _) in try source.matches(above) where node.header?.kind == .directory {
            guard !names.isEmpty else {
                steps.append(.contents(of: node, into: target))
                continue
            }
            if !isPattern {
                let parent = ContainerPath.joined(node.path.split(separator: ContainerPath.slash) + names.dropLast())
                guard try source.find(parent)?.path == parent else {
                    throw failure("'\(text)' lies behind a link, and --parents follows none")
                }
            }
            let pattern = String(decoding: ContainerPath.joined(names), as: UTF8.self)
            let others = try IgnoreRules(allBut: pattern, place: "\(place)")
            steps.append(.part(of: node, into: target, without: others))
        }
        return steps
    }

    /// Throws if a source does not exist, unless it is a pattern.
    static func require<Source: TransferSource>(_ path: String, of source: Source, at place: SourcePlace) throws {
        if Source.isPattern(Array(path.utf8)) { return }
        try require(try source.matches(path).count, path, source, at: place)
    }

    private func require<Source: TransferSource>(_ count: Int, _ path: String, _ source: Source) throws {
        try Self.require(count, path, source, at: place)
    }

    private static func require<Source: TransferSource>(
        _ count: Int, _ path: String, _ source: Source, at place: SourcePlace
    ) throws {
        // A pattern may match nothing, as in 'COPY package.json yarn.lock* ./'.
        guard count == 0, !Source.isPattern(Array(path.utf8)) else { return }
        func failure(_ reason: String) -> Failure { place.error(reason) }
        let names = ContainerPath.joined(ContainerPath.names(Array(path.utf8)))
        if source.rules?.excludes(names) == true {
            throw failure("'\(path)' is kept out of the build by its .dockerignore")
        }
        throw failure("there is no '\(path)' in \(source.name)")
    }
}
