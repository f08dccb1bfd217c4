import Archive
import Dockerfile
import ImageStore
import SystemPackage

/// One thing that goes to one place.
enum TransferStep<Node: TransferNode>: Sendable {
    case contents(of: Node, into: [UInt8])
    case file(Node, at: [UInt8])
    case bytes([UInt8], at: [UInt8])
    case download(FilePath, at: [UInt8])
    case archive(FilePath, into: [UInt8])
    /// A folder above what `--parents` brings along.
    case parent(Node, at: [UInt8])
}

extension TransferPlan {
    /// What goes where, by docker's rules for destinations; nothing where no file fits any of the patterns.
    ///
    /// Source: <https://docs.docker.com/reference/dockerfile/#destination>.
    func steps<Source: TransferSource>(from source: Source) throws(ImageBuildError) -> [TransferStep<Source.Node>] {
        var steps: [TransferStep<Source.Node>] = []
        let isThere = try placement.isFolder(Array(destination.utf8))
        let isFolder = isThere || destination.hasSuffix("/")
        // A slash at the end makes a folder of what is not there, and cannot make one of a file.
        let target =
            isFolder
            ? try placement.folder(Array(destination.utf8)) : try placement.resolve(Array(destination.utf8))
        if !isFolder { _ = try placement.folder(ContainerPath.parent(of: target)) }
        for part in sources {
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
            case .path(let path):
                let found = try source.matches(path)
                try require(found.count, path, source)
                for (node, asked) in found {
                    steps += try self.steps(
                        node, asked: asked, path, of: source, target: target, isFolder: isFolder)
                }
            }
        }
        let files = steps.filter {
            switch $0 {
            case .contents, .archive: false
            case .file, .bytes, .download, .parent: true
            }
        }
        guard isFolder || steps.count <= 1 || files.isEmpty else {
            throw failure("\(steps.count) files fit the pattern, so that the destination must end with '/'")
        }
        return steps
    }

    private func steps<Source: TransferSource>(
        _ node: Source.Node, asked: [UInt8], _ text: String, of source: Source, target: [UInt8], isFolder: Bool
    ) throws(ImageBuildError) -> [TransferStep<Source.Node>] {
        if keepsParents { return try stepsWithParents(node, asked: asked, text, of: source, target: target) }
        if node.header?.kind == .directory {
            return [.contents(of: node, into: try placement.folder(target))]
        }
        if unpacksFiles, node.header?.kind == .regular, let file = source.place(of: node), try TarFile.isTar(file) {
            return [.archive(file, into: try placement.folder(Array(destination.utf8)))]
        }
        guard isFolder else { return [.file(node, at: target)] }
        return [.file(node, at: ContainerPath.appending(ContainerPath.lastName(of: asked), to: target))]
    }

    /// What `/./` in the path does not cut off comes along. <https://docs.docker.com/reference/dockerfile/#copy---parents>
    private func stepsWithParents<Source: TransferSource>(
        _ node: Source.Node, asked: [UInt8], _ text: String, of source: Source, target: [UInt8]
    ) throws(ImageBuildError) -> [TransferStep<Source.Node>] {
        var cut = 0
        if let pivot = text.firstRange(of: "/./") {
            cut = ContainerPath.names(Array(text[..<pivot.lowerBound].utf8)).count
        }
        let names = asked.split(separator: ContainerPath.slash)
        var steps: [TransferStep<Source.Node>] = []
        for count in cut..<max(cut, names.count - 1) {
            guard let parent = try source.find(ContainerPath.joined(names[...count])) else { continue }
            steps.append(
                .parent(parent, at: ContainerPath.appending(ContainerPath.joined(names[cut...count]), to: target)))
        }
        let place = ContainerPath.appending(ContainerPath.joined(names[cut...]), to: target)
        if node.header?.kind == .directory {
            steps += [.parent(node, at: place), .contents(of: node, into: place)]
        } else {
            steps.append(.file(node, at: place))
        }
        return steps
    }

    private func require<Source: TransferSource>(
        _ count: Int, _ path: String, _ source: Source
    ) throws(ImageBuildError) {
        // A pattern may fit nothing, as in 'COPY package.json yarn.lock* ./'.
        guard count == 0, !Source.isPattern(Array(path.utf8)) else { return }
        let names = ContainerPath.joined(ContainerPath.names(Array(path.utf8)))
        if source.rules?.excludes(names) == true {
            throw failure("'\(path)' is kept out of the build by its .dockerignore")
        }
        throw failure("there is no '\(path)' in \(source.name)")
    }
}
