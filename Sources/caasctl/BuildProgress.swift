import Definitions
import ImageBuild
import OCI
import Terminal

/// Shows what a build tells.
struct BuildProgress: Sendable {
    private let line = ProgressLine()

    @Sendable func note(_ event: BuildEvent) {
        switch event {
        case .step(let name): line.write(name)
        case .progress(let name, let bytes): line.update("\(name): \(ByteCount(bytes))")
        case .waiting(let name, let seconds): line.update("\(name): \(seconds) s")
        case .warning(let text): line.write("warning: \(text)")
        }
    }

    func finish(_ definition: ImageDefinition, _ built: BuiltImage) {
        let size = ByteCount(built.layers.reduce(0) { $0 + $1.descriptor.size })
        let base = built.baseLayers.isEmpty ? "" : " on \(built.baseLayers.count) of its base"
        line.write("image \(definition.name): \(built.layers.count) layers\(base), \(size)")
    }
}
