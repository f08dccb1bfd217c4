import Archive
import Dockerfile
import ImageBuild
import ImageLayers
import ImageStore
import OCI
import SystemPackage
import Wording

/// Execution of COPY and ADD.
extension StageBuilder {
    mutating func copy(_ transfer: FileTransfer, _ instruction: Instruction) async throws {
        let stage = self
        let urls = instruction.name == "ADD" ? try urls(of: transfer, at: instruction.place) : []
        let layer: BuiltLayer?
        if let repository = urls.first, GitAddress.isRepository(repository) {
            layer = try await stage.layer(ofRepository: repository, transfer, instruction)
        } else if urls.isEmpty {
            guard transfer.checksum == nil else {
                throw instruction.place.error("--checksum is for URLs and repositories alone")
            }
            layer = try await stage.layer(transfer, instruction, downloads: [:])
        } else {
            layer = try await build.builder.layerBuilder.withTemporaryFolder { (folder) in
                let files = try await stage.fetch(urls, into: folder, transfer, at: instruction.place)
                return try await stage.layer(transfer, instruction, downloads: files)
            }
        }
        if let layer { image.append(layer, instruction.text) } else { image.note(instruction.text) }
    }

    private func layer(
        _ transfer: FileTransfer, _ instruction: Instruction, downloads: [String: FilePath]
    ) async throws -> BuiltLayer? {
        let plan = try await TransferPlan(transfer, instruction, of: self, downloads: downloads)
        guard let from = transfer.from else { return try await build.layer(plan, from: context, knownBy: nil) }
        let image: ImageAssembly
        switch try await build.source(from, for: self, at: instruction.place) {
        case .folder(let folder): return try await build.layer(plan, from: folder, knownBy: nil)
        case .image(let origin): image = origin
        }
        guard let contents = try await build.contents(of: image) else { throw plan.failure("'\(from)' holds no files") }
        let files = ImageFiles(contents: contents, name: from)
        // The instruction does not tell what its heredocs hold.
        guard transfer.sources.allSatisfy({ if case .path = $0 { true } else { false } }) else {
            return try await build.layer(plan, from: files, knownBy: nil)
        }
        let chain = image.layers.map(\.diffID.description) + ["on"] + self.image.layers.map(\.diffID.description)
        return try await build.layer(plan, from: files, knownBy: chain)
    }

    /// Adds a repository, which must be the only source; its files become the content of the destination.
    private func layer(
        ofRepository source: String, _ transfer: FileTransfer, _ instruction: Instruction
    ) async throws -> BuiltLayer? {
        let place = instruction.place
        func failure(_ reason: String) -> Failure { place.error(reason) }
        guard transfer.sources.count == 1 else { throw failure("a repository is the only source of its ADD") }
        let expansion = expansion()
        let checksum = try transfer.checksum.map { (text) in try expansion.word(text, at: place) }
        let address = try GitAddress(source, at: place).demanding(checksum, at: place)
        if let inAddress = address.keepsGitFolder, let said = transfer.keepsGitFolder, inAddress != said {
            throw failure("--keep-git-dir and the address disagree")
        }
        let keepsGitFolder = transfer.keepsGitFolder ?? address.keepsGitFolder ?? false
        let plan = try await TransferPlan(transfer, instruction, of: self, downloads: [:], isRepository: true)
        let build = build
        let context = context
        return try await build.builder.layerBuilder.withTemporaryFolder { (temporary) in
            let path = temporary.appending("repository")
            let commit = try await GitRepository.checkOut(address, into: path, keepingGitFolder: keepsGitFolder)
            if !address.isPinned {
                build.builder.layerBuilder.report(
                    .warning("\(place): this may be another commit tomorrow; for the same one then, write #\(commit)"))
            }
            var files = ContextFolder(folder: path, rules: nil, modified: context.modified, report: context.report)
            guard let node = try files.find(Array(address.folder.utf8)), node.header?.kind == .directory else {
                throw failure("there is no folder '\(address.folder)' in the repository")
            }
            files.folder = node.place
            return try await build.layer(plan, from: files, knownBy: nil)
        }
    }

    private func urls(of transfer: FileTransfer, at place: SourcePlace) throws -> [String] {
        let expansion = expansion()
        var urls: [String] = []
        for case .path(let path) in transfer.sources {
            let path = try expansion.word(path, at: place)
            if DownloadedFile.isURL(path) || GitAddress.isRepository(path) { urls.append(path) }
        }
        return urls
    }

    private func fetch(
        _ urls: [String], into folder: FilePath, _ transfer: FileTransfer, at place: SourcePlace
    ) async throws -> [String: FilePath] {
        guard transfer.checksum == nil || urls.count == 1 else { throw place.error("--checksum is for one URL") }
        let expansion = expansion()
        let checksum = try transfer.checksum.map { (text) in try expansion.word(text, at: place) }
        var files: [String: FilePath] = [:]
        for (index, url) in urls.enumerated() {
            let download = try DownloadedFile(url, to: folder.appending("\(index)"), checksum: checksum, at: place)
            if checksum == nil {
                build.builder.layerBuilder.report(
                    .warning(
                        "\(place): what \(download.url) gives may be another file tomorrow; add --checksum=sha256:… to "
                            + "the ADD"))
            }
            try await download.fetch(report: build.builder.layerBuilder.report)
            files[url] = download.path
        }
        return files
    }
}
