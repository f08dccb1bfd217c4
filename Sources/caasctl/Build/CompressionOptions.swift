import Archive
import ArgumentParser

/// The options for the compression of an image's layers.
struct CompressionOptions: ParsableArguments {
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case gzip, zstd, none
    }

    @Option(
        help: ArgumentHelp(
            "The compression of layers: gzip, zstd or none.",
            discussion: """
                Every runtime supports gzip and none. zstd is smaller and faster, but needs containerd 1.5, Docker 23 \
                or podman 2, and umoci does not support it.
                """, valueName: "format"))
    var compression: Format = .gzip

    @Option(
        help: ArgumentHelp(
            "The level: gzip 0 to 2 (default 1), gzip with --portable 1 to 9 (default 6), zstd 1 to 19 (default 3).",
            valueName: "level"))
    var compressionLevel: Int?

    @Flag(help: "Compress with zlib: slower, but the digest is the same on every build architecture.")
    var portable = false

    func validate() throws {
        guard !portable || compression == .gzip else {
            throw ValidationError("--portable is a way of gzip, not of --compression \(compression.rawValue)")
        }
        guard let level = compressionLevel else { return }
        guard let levels = layerCompression.levels else {
            throw ValidationError("--compression none has no --compression-level")
        }
        guard levels.contains(level) else {
            let way = compression.rawValue + (portable ? " --portable" : "")
            throw ValidationError(
                "--compression-level of \(way) is \(levels.lowerBound) to \(levels.upperBound), not \(level)"
                    + (way == "gzip" && (3...9).contains(level) ? "; --portable has levels up to 9" : ""))
        }
    }

    /// The chosen compression with one thread; the builder sets the number of threads.
    var layerCompression: LayerCompression {
        switch compression {
        case .none: .none
        case .zstd: .zstd(level: compressionLevel ?? 3, threads: 1)
        case .gzip where portable: .gzipPortable(level: compressionLevel ?? 6, threads: 1)
        case .gzip: .gzip(level: compressionLevel ?? 1, threads: 1)
        }
    }
}
