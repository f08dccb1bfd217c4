package import ImageStore
package import JSON
package import OCI

/// What distinguishes two images.
package struct ImageComparison: Sendable {
    /// One path that is not the same in both.
    package struct Difference: Sendable {
        /// What became of it.
        package enum Kind: String, Sendable {
            case added, removed, changed
        }

        /// What became of it.
        package let kind: Kind
        /// In the first image; nil where it was added.
        package let old: ImageFile?
        /// In the second image; nil where it was removed.
        package let new: ImageFile?
        /// What of it changed, as in `content` or `mode`.
        package var aspects: [Aspect]
    }

    /// What of a file can change.
    package enum Aspect: String, Sendable, CaseIterable {
        case kind, content, target, device, mode, owner, time
        case attributes = "extended attributes"
    }

    /// A member of the config with both its values.
    package struct Setting: Sendable {
        /// As in `Env PATH` or `WorkingDir`.
        package let name: String
        /// Nil where it is not there.
        package let old: JSONValue?
        /// Nil where it is not there.
        package let new: JSONValue?
    }

    /// Paths in byte order.
    package let files: [Difference]
    /// The layers that both have.
    package let shared: [Descriptor]
    /// The layers that only the first has.
    package let removedLayers: [Descriptor]
    /// The layers that only the second has.
    package let addedLayers: [Descriptor]
    /// What the configs say differently, apart from layers and history.
    package let settings: [Setting]

    /// True where nothing that is compared differs.
    package var isSame: Bool { files.isEmpty && settings.isEmpty && removedLayers.isEmpty && addedLayers.isEmpty }

    /// Compares two images whose files were read; it blocks, and reads what may have changed.
    package init(
        _ old: PlatformImage, _ oldFiles: ImageContents, _ new: PlatformImage, _ newFiles: ImageContents,
        ignoringTimes: Bool
    ) throws(InspectionError) {
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

    /// What a runtime reads, and what stands beside it; variables and labels one by one.
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
