import Dockerfile
import ImageStore
import OCI
import SystemPackage

/// COPY and ADD.
extension StageBuilder {
    mutating func copy(_ transfer: FileTransfer, _ instruction: Instruction) async throws(ImageBuildError) {
        let stage = self
        guard !transfer.keepsGitFolder else {
            throw ImageBuildError(
                copying: instruction.place.error(
                    "--keep-git-dir is for git repositories, which ADD does not support"
                ).description)
        }
        let urls = instruction.name == "ADD" ? try urls(of: transfer, at: instruction.place) : []
        let layer: BuiltLayer?
        if urls.isEmpty {
            guard transfer.checksum == nil else {
                throw ImageBuildError(copying: instruction.place.error("--checksum is for URLs alone").description)
            }
            layer = try await stage.layer(transfer, instruction, downloads: [:])
        } else {
            layer = try await build.builder.factory.withTemporaryFolder { (folder) async throws(ImageBuildError) in
                let files = try await stage.fetch(urls, into: folder, transfer, at: instruction.place)
                return try await stage.layer(transfer, instruction, downloads: files)
            }
        }
        if let layer { image.append(layer, instruction.text) } else { image.note(instruction.text) }
    }

    private func layer(
        _ transfer: FileTransfer, _ instruction: Instruction, downloads: [String: FilePath]
    ) async throws(ImageBuildError) -> BuiltLayer? {
        let plan = try await TransferPlan(transfer, instruction, of: self, downloads: downloads)
        guard let from = transfer.from else { return try await build.layer(plan, from: context, knownBy: nil) }
        let image = try await build.source(from, for: self, at: instruction.place)
        guard let contents = try await build.contents(of: image) else {
            throw plan.failure("'\(from)' holds no files")
        }
        let chain = image.layers.map(\.diffID.description) + ["on"] + self.image.layers.map(\.diffID.description)
        return try await build.layer(plan, from: ImageFiles(contents: contents, name: from), knownBy: chain)
    }

    private func urls(of transfer: FileTransfer, at place: SourcePlace) throws(ImageBuildError) -> [String] {
        let expansion = expansion()
        var urls: [String] = []
        for case .path(let path) in transfer.sources {
            let path = try parsed { () throws(DockerfileError) in try expansion.word(path, at: place) }
            if DownloadedFile.isURL(path) { urls.append(path) }
        }
        return urls
    }

    private func fetch(
        _ urls: [String], into folder: FilePath, _ transfer: FileTransfer, at place: SourcePlace
    ) async throws(ImageBuildError) -> [String: FilePath] {
        guard transfer.checksum == nil || urls.count == 1 else {
            throw ImageBuildError(copying: place.error("--checksum is for one URL").description)
        }
        let expansion = expansion()
        let checksum = try parsed { () throws(DockerfileError) in
            try transfer.checksum.map { (text) throws(DockerfileError) in try expansion.word(text, at: place) }
        }
        var files: [String: FilePath] = [:]
        for (index, url) in urls.enumerated() {
            let download = try DownloadedFile(url, to: folder.appending("\(index)"), checksum: checksum, at: place)
            if checksum == nil {
                build.builder.factory.report(
                    .warning(
                        "\(place): what \(download.url) gives may be another file tomorrow; add --checksum=sha256:… to "
                            + "the ADD"))
            }
            try await download.fetch(report: build.builder.factory.report)
            files[url] = download.path
        }
        return files
    }
}
