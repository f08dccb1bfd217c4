import ImageBuild
import ImageLayers
import OCI
import Terminal
import Wording

/// Prints the events of a build.
struct BuildProgress: Sendable {
    private let line = ProgressLine()

    @Sendable func note(_ event: BuildEvent) {
        switch event {
        case .step(let name): line.write(name)
        case .progress(let name, let bytes): line.update("\(name): \(ByteCount(bytes))")
        case .waiting(let name, let seconds): line.update("\(name): \(seconds) s")
        case .output(let text): line.write(output: text)
        case .warning(let text): line.write("warning: \(text)")
        }
    }

    func finish(_ name: String, _ built: BuiltImage) {
        for image in built.images {
            let size = ByteCount(image.layers.reduce(0) { $0 + $1.descriptor.size })
            let base = image.baseLayers.isEmpty ? "" : " on \(image.baseLayers.count) of its base"
            let platform = built.images.count > 1 ? " for \(image.platform)" : ""
            line.write("image \(name)\(platform): \(image.layers.count) layers\(base), \(size)")
        }
    }
}
