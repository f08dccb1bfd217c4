import ByteText
package import ImageStore
import JSON
import OCI
import POSIX
package import Wording
package import SystemPackage

/// Finds the image that a command line argument refers to.
package struct ImageFinder: Sendable {
    private let store: ImageStore
    private let temporary: FilePath

    /// Creates a finder for a store; it unpacks archives below `temporary`.
    package init(store: ImageStore, temporary: FilePath) {
        self.store = store
        self.temporary = temporary
    }

    /// Returns the image in an OCI layout, an archive or the store; nil if the text may name an image in a registry.
    ///
    /// `definitionName` is the name that an image.yaml defines, if the text is the folder of one.
    package func find(_ text: String, definitionName: String?) throws -> FoundImage? {
        switch ImageLocation(text) {
        case .layout: return try located(text)
        case .registry: return nil
        case .store(let name):
            if let found = try named(name) { return found }
            if let found = try withDigest(name) { return found }
            throw try unknown(name, definitions: [])
        case .name: break
        }
        if let named = try named(text) { return named }
        if let digest = try withDigest(text) { return digest }
        guard let definitionName else { return nil }
        guard let built = try named(definitionName) else {
            throw Failure("find image \(text)", "it is not built yet; type: caasctl build \(text)")
        }
        return built
    }

    /// Returns the error for a name that no image has, with the most similar name.
    package func unknown(_ text: String, definitions: [String]) throws -> Failure {
        let names = try store.tags().map(\.name) + definitions
        let nearest = EditDistance.nearest(to: text, among: names)
        let advice = nearest.map { "; did you mean '\($0)'?" } ?? "; caasctl image ls lists those that are here"
        return Failure("find image '\(text)'", "no image here has this name or digest" + advice)
    }

    private func named(_ text: String) throws -> FoundImage? {
        for name in [text, (try? Reference(text))?.description].compactMap(\.self) {
            let found = try store.find(name)
            if let found { return FoundImage(name: name, found, in: store) }
        }
        return nil
    }

    /// Returns an image by its digest, or by at least its first twelve digits.
    private func withDigest(_ text: String) throws -> FoundImage? {
        let digits = String(text.dropping(bytes: "sha256:") ?? text[...])
        guard digits.utf8.count >= 12, digits.utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) }) else {
            return nil
        }
        let tags = try store.tags()
        if let found = tags.last(where: { $0.descriptor.digest.hexadecimal.hasPrefix(bytes: digits) }) {
            return FoundImage(name: found.name, found.descriptor, in: store)
        }
        guard let digest = try? Digest("sha256:\(digits)"), let status = try? FileStatus(store.path(of: digest)),
            status.size <= FoundImage.longestDocument,
            let content = try? FileSystem.read(store.path(of: digest)), let json = try? JSONValue(parsing: content)
        else { return nil }
        let usual: MediaType? =
            json["manifests"] != nil ? .imageIndex : json["layers"] != nil ? .imageManifest : nil
        guard let type = json["mediaType"]?.string.map({ MediaType($0) }) ?? usual, type.isIndex || type.isImageManifest
        else { return nil }
        return FoundImage(
            name: digest.description, Descriptor(mediaType: type, digest: digest, size: status.size), in: store)
    }

    private func located(_ text: String) throws -> FoundImage {
        guard let location = LayoutLocation(text) else { throw Failure("read \(text)", "it names no folder or file") }
        switch location.form {
        case .layout: return try image(location.name, in: location.path, text, keeper: nil)
        case .ociArchive:
            let unpacked = try UnpackedArchive(location.path, below: temporary)
            return try image(location.name, in: unpacked.folder, text, keeper: unpacked)
        case .dockerArchive:
            // It need not be an OCI layout, so its image is imported first.
            let image = try store.addImage(of: location, platform: nil)
            return FoundImage(name: text, image, in: store)
        }
    }

    private func image(
        _ tag: String?, in folder: FilePath, _ text: String, keeper: UnpackedArchive?
    ) throws -> FoundImage {
        let path = folder.appending("index.json")
        guard FileSystem.exists(path) else {
            throw Failure("read \(text)", "\(folder) has no index.json, so it is no OCI layout")
        }
        let content = try FileSystem.read(path)
        let index = try attempt("read \(text)") {
            try ImageIndex(json: try JSONValue(parsing: content))
        }
        let matches = tag.map { tag in index.manifests.filter { Self.names($0).contains(tag) } } ?? index.manifests
        let tags = index.manifests.flatMap(Self.names)
        guard let match = matches.first else {
            let offered = tags.isEmpty ? "" : ", only \(tags.joined(separator: ", "))"
            throw Failure("read \(text)", tag.map { "it has no tag '\($0)'\(offered)" } ?? "it has no image")
        }
        guard matches.count == 1 else {
            throw Failure("read \(text)", "it has several images; name one of \(tags.joined(separator: ", "))")
        }
        return FoundImage(name: text, descriptor: match, source: .layout(folder, keeper: keeper))
    }

    private static func names(_ descriptor: Descriptor) -> [String] {
        ["org.opencontainers.image.ref.name", "io.containerd.image.name"].compactMap { descriptor.annotations[$0] }
    }
}
