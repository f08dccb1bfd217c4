import ByteText
import Dockerfile
import ImageLayers
import ImageStore
import SystemPackage
import Wording

/// The plan of one COPY or ADD, with its variables expanded.
struct TransferPlan: Sendable {
    let keepsParents: Bool
    let place: SourcePlace
    let text: String
    /// All expanded words of the instruction; together with the files they determine the layer.
    let words: [String]
    /// The paths, patterns, contents and downloads to copy.
    let sources: [Source]
    /// The absolute path, with a slash at the end if it must be a folder.
    let destination: String
    let placement: ImagePlacement
    let changes: TransferChanges
    let modified: Int64

    /// Whether local archives are unpacked, as ADD does by default.
    let unpacksFiles: Bool
    let unpacksDownloads: Bool

    enum Source: Sendable {
        case path(String)
        case content([UInt8], name: String)
        case download(FilePath, name: String)
    }

    /// Expands the words of an instruction.
    ///
    /// `downloads` maps the URLs among the sources to the downloaded files. With `isRepository`, the source is all
    /// files of a repository.
    init(
        _ transfer: FileTransfer, _ instruction: Instruction, of stage: StageBuilder, downloads: [String: FilePath],
        isRepository: Bool = false
    ) async throws {
        keepsParents = transfer.keepsParents
        let isAdd = instruction.name == "ADD"
        unpacksFiles = isAdd && transfer.unpacks != false
        unpacksDownloads = isAdd && transfer.unpacks == true
        place = instruction.place
        text = instruction.text
        modified = stage.modified
        let expansion = stage.expansion()
        let place = place
        var words: [String] = []
        func word(_ text: String) throws -> String {
            let word = try expansion.word(text, at: place)
            words.append(word)
            return word
        }
        var sources: [Source] = []
        for source in transfer.sources {
            switch source {
            case .path(let path):
                let path = try word(path)
                if isRepository {
                    sources.append(.path("/"))
                    continue
                }
                guard let file = downloads[path] else {
                    sources.append(.path(path))
                    continue
                }
                sources.append(.download(file, name: try DownloadedFile.name(of: path, at: place)))
            case .heredoc(let heredoc):
                let content =
                    heredoc.isExpanded
                    ? try expansion.content(heredoc.content, at: place)
                    : heredoc.content
                sources.append(.content(Array(content.utf8), name: heredoc.name))
            }
        }
        self.sources = sources
        destination = ContainerPath.absolute(try word(transfer.destination), in: stage.workdir)
        let contents = try await stage.contents()
        let owner = try transfer.owner.map(word) ?? ""
        let mode = try transfer.mode.map(word) ?? ""
        // As in BuildKit, `--link` has no effect together with --chmod.
        placement = ImagePlacement(below: transfer.isLinked && mode.isEmpty ? nil : contents)
        var excluded: [String] = []
        for pattern in transfer.excluded { excluded.append(try word(pattern)) }
        self.words = words
        changes = TransferChanges(
            owner: owner.isEmpty ? nil : try FileAccount(owner, as: "--chown=\(owner)", in: contents),
            mode: mode.isEmpty ? nil : try FileModeChange(mode),
            excluded: excluded.isEmpty ? nil : try IgnoreRules(excluded, place: "\(place)"))
    }

    /// Creates the plan for files of the context that a mount shows.
    init(_ path: String, to destination: String, at place: SourcePlace, modified: Int64) {
        text = "context \(path)"
        words = []
        sources = [.path(path)]
        self.destination = destination
        self.place = place
        self.modified = modified
        keepsParents = false
        unpacksFiles = false
        unpacksDownloads = false
        placement = ImagePlacement(below: nil)
        changes = TransferChanges()
    }

    func failure(_ reason: String) -> Failure { place.error(reason) }
}
