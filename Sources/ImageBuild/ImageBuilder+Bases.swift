package import Definitions
package import ImageLayers
import ImageStore
import JSON
package import OCI
import POSIX
import Wording

extension ImageBuilder {
    /// Returns the base for each platform, or nothing for scratch.
    func bases(of definition: ImageDefinition) async throws -> [Platform: BaseImage] {
        guard definition.base != .scratch else { return [:] }
        layerBuilder.report(.step("base: \(definition.base)"))
        var found: [Platform: BaseImage] = [:]
        let input: JSONValue = ["kind": "base", "name": .string(definition.base.description)]
        var place = definition.base
        let digest = try lockedBase(input, of: definition)
        if case .registry(let reference) = definition.base, let digest {
            place = .registry(reference.pinned(to: digest))
        }
        for platform in definition.platforms {
            var base = try await base(place, for: platform)
            guard base.config.platform.matches(platform) else {
                throw Failure("use base \(definition.base)", "it is for \(base.config.platform), not for \(platform)")
            }
            if case .registry(let reference) = definition.base {
                base.name = reference.description
                // All platforms use the same release, even if the tag moves in between.
                if let index = base.index { place = .registry(reference.pinned(to: index)) }
            }
            if case .layout = definition.base, let digest, digest != base.digest {
                throw layerBuilder.locked.mismatch("use base \(definition.base)", "it is \(base.digest)")
            }
            if found.isEmpty {
                let digest = digest ?? base.index ?? base.digest
                layerBuilder.locked.note(input, ["digest": .string(digest.description)])
            }
            found[platform] = base
        }
        return found
    }

    private func lockedBase(_ input: JSONValue, of definition: ImageDefinition) throws -> Digest? {
        guard let text = try layerBuilder.locked.locked(input, at: definition.basePlace)?["digest"]?.string else {
            return nil
        }
        do { return try Digest(text) } catch { throw Failure("read \(layerBuilder.locked.name)", "\(error)") }
    }

    package func base(_ base: ImageDefinition.Base, for platform: Platform) async throws -> BaseImage {
        switch base {
        case .scratch: throw Failure("use base scratch", "it is no image")
        case .registry(let reference):
            return try await bases.baseImage(reference, for: platform)
        case .layout(let location, _):
            let store = store
            let image = try await BlockingThread.run { try store.addLayers(of: location, platform: platform) }
            return try BaseImage(stored: image, asked: base.description)
        }
    }
}
