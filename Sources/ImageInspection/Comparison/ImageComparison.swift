package import ImageStore
package import JSON
package import OCI

/// The differences between two images.
package struct ImageComparison: Sendable {
    /// A path that differs between the images.
    package struct Difference: Sendable {
        package enum Kind: String, Sendable {
            case added, removed, changed
        }

        package let kind: Kind
        /// The file in the first image; nil if it was added.
        package let old: ImageFile?
        /// The file in the second image; nil if it was removed.
        package let new: ImageFile?
        /// The aspects that changed, such as `content` or `mode`.
        package var aspects: [Aspect]
    }

    /// An aspect of a file that can change.
    package enum Aspect: String, Sendable, CaseIterable {
        case kind, content, target, device, mode, owner, time
        case attributes = "extended attributes"
    }

    /// A member of the config with both its values.
    package struct Setting: Sendable {
        /// The member's name, such as `Env PATH` or `WorkingDir`.
        package let name: String
        /// The value in the first image; nil if it has none.
        package let old: JSONValue?
        /// The value in the second image; nil if it has none.
        package let new: JSONValue?
    }

    /// The differing paths in byte order.
    package let files: [Difference]
    /// The layers that both images have.
    package let shared: [Descriptor]
    /// The layers that only the first image has.
    package let removedLayers: [Descriptor]
    /// The layers that only the second image has.
    package let addedLayers: [Descriptor]
    /// The differences between the configs, except layers and history.
    package let settings: [Setting]

    /// True if nothing that is compared differs.
    package var isSame: Bool { files.isEmpty && settings.isEmpty && removedLayers.isEmpty && addedLayers.isEmpty }

    /// Compares two images.
    ///
    /// It blocks, and reads the content of files that may differ.
    package init(
        _ old: PlatformImage, _ oldFiles: ImageContents, _ new: PlatformImage, _ newFiles: ImageContents,
        ignoringTimes: Bool
    ) throws {
        var walk = FileComparison(ignoringTimes: ignoringTimes)
        walk.compare(oldFiles.root, newFiles.root)
        files = try walk.finish(oldFiles, newFiles)
        let before = Set(old.manifest.layers.map(\.digest))
        let after = Set(new.manifest.layers.map(\.digest))
        shared = new.manifest.layers.filter { before.contains($0.digest) }
        removedLayers = old.manifest.layers.filter { !after.contains($0.digest) }
        addedLayers = new.manifest.layers.filter { !before.contains($0.digest) }
        settings = Self.settings(old.config, new.config)
    }

    private static func settings(_ old: ImageConfig, _ new: ImageConfig) -> [Setting] {
        let old = flattened(old)
        let new = flattened(new)
        return Set(old.keys).union(new.keys).sorted().compactMap { name in
            old[name] == new[name] ? nil : Setting(name: name, old: old[name], new: new[name])
        }
    }

    /// Returns the config's members by name, with one entry for each variable and label.
    private static func flattened(_ config: ImageConfig) -> [String: JSONValue] {
        var settings: [String: JSONValue] = [:]
        for (name, value) in config.json.object ?? [:] where !["config", "rootfs", "history"].contains(name) {
            settings[name] = value
        }
        for (name, value) in config.json["config"]?.object ?? [:] where !value.isNull {
            switch name {
            case "Env":
                for variable in config.environment { settings["Env \(variable.name)"] = .string(variable.value) }
            case "Labels", "ExposedPorts", "Volumes":
                for (key, value) in value.object ?? [:] { settings["\(name) \(key)"] = value }
            default: settings[name] = value
            }
        }
        return settings
    }
}
