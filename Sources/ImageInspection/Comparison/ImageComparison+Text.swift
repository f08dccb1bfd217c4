import Archive
import ImageStore
import JSON
import OCI
import Timestamps
import Wording

extension ImageComparison {
    /// The comparison as text: one line for each file, then the config, then the layers.
    package var text: String {
        let layers: [(String, [Descriptor])] = [
            ("shared", shared), ("only in the first", removedLayers), ("only in the second", addedLayers),
        ]
        let lines =
            files.map(Self.line) + settings.map(Self.line) + [summary]
            + [
                "layers: "
                    + layers.map { name, layers in
                        "\(layers.count) \(name) (\(ByteCount(layers.reduce(0) { $0 + $1.size })))"
                    }.joined(separator: ", ")
            ]
        return lines.map { $0 + "\n" }.joined()
    }

    private var summary: String {
        let parts = [Difference.Kind.added, .removed, .changed].map { kind in
            let files = files.filter { $0.kind == kind }
            // Holes count too, so that a small layer can have more than a number can say.
            let bytes = files.reduce(Int64(0)) { sum, file in
                let (more, isTooMuch) = sum.addingReportingOverflow((file.new ?? file.old)?.size ?? 0)
                return isTooMuch ? .max : more
            }
            return "\(files.count) \(kind) (\(ByteCount(bytes)))"
        }
        return "files: " + parts.joined(separator: ", ")
    }

    private static func line(_ difference: Difference) -> String {
        let file = difference.new ?? difference.old
        let name = file.map { QuotedName($0.path.isEmpty ? Array("/".utf8) : $0.path).description } ?? ""
        switch difference.kind {
        case .added, .removed:
            let sign = difference.kind == .added ? "+" : "-"
            let what =
                switch file?.kind {
                case .directory: "folder"
                case .symbolicLink: "-> \(QuotedName(file?.target ?? []))"
                case .regular: ByteCount(file?.size ?? 0).description
                default: "special file"
                }
            return "\(sign) \(name)  \(what)"
        case .changed:
            guard let old = difference.old, let new = difference.new else { return "" }
            return "~ \(name)  " + difference.aspects.map { change($0, old, new) }.joined(separator: ", ")
        }
    }

    private static func change(_ aspect: Aspect, _ old: ImageFile, _ new: ImageFile) -> String {
        switch aspect {
        case .kind: "\(word(old.kind)) -> \(word(new.kind))"
        case .content:
            old.size == new.size ? "content (\(ByteCount(new.size)))" : "content (\(old.size) -> \(new.size) bytes)"
        case .target: "target \(QuotedName(old.target)) -> \(QuotedName(new.target))"
        case .device: "device"
        case .mode: "mode \(octal(old.mode)) -> \(octal(new.mode))"
        case .owner: "owner \(old.user):\(old.group) -> \(new.user):\(new.group)"
        case .time: "time \(time(old)) -> \(time(new))"
        case .attributes: "extended attributes"
        }
    }

    private static func time(_ file: ImageFile) -> String { Timestamp(seconds: Int(file.modified)).rfc3339 }
    private static func octal(_ mode: UInt32) -> String { String(mode, radix: 8) }

    static func word(_ kind: ArchiveEntry.Kind) -> String {
        switch kind {
        case .regular, .hardLink: "file"
        case .directory: "folder"
        case .symbolicLink: "link"
        case .characterDevice: "character device"
        case .blockDevice: "block device"
        case .fifo: "FIFO"
        }
    }

    private static func line(_ setting: Setting) -> String {
        let name = QuotedName(setting.name.utf8)
        let old = setting.old?.text
        let new = setting.new?.text
        return switch (old, new) {
        case (nil, let new?): "+ config \(name)  \(new)"
        case (let old?, nil): "- config \(name)  \(old)"
        default: "~ config \(name)  \(old ?? "") -> \(new ?? "")"
        }
    }
}
