import ImageStore
import JSON
import OCI
import POSIX
package import SystemPackage
import Wording

/// Verifies an image in an OCI layout against the specifications and against what runtimes refuse.
///
/// It reads every blob and uses no record of an earlier verification. It blocks: call it on a thread of its own.
package struct ImageVerifier: ~Copyable {
    /// The findings, and the amount of data that was read.
    package struct Outcome: Sendable {
        /// The findings in the order of their discovery.
        package let findings: [Finding]
        /// The number of manifests read.
        package let manifests: Int
        /// The number of layers read.
        package let layers: Int
        /// The number of entries in the layers' tars.
        package let entries: Int
        /// The number of bytes read.
        package let bytes: Int64
    }

    let image: FoundImage
    let listings: FilePath
    let report: @Sendable (String) -> Void
    var findings = Findings()
    private(set) var manifests = 0
    var layers = 0
    var entries = 0
    var bytes: Int64 = 0
    /// The results by digest, so that a blob that several images share is read once.
    var checked: [Digest: Digest?] = [:]

    /// Creates a verifier for an image whose blobs are all on this machine.
    ///
    /// `report` receives messages about what is being read.
    package init(_ image: FoundImage, listings: FilePath, report: @escaping @Sendable (String) -> Void = { _ in }) {
        self.image = image
        self.listings = listings
        self.report = report
    }

    /// Verifies the layout's own files, then everything that the image consists of.
    package consuming func verify() -> Outcome {
        verifyLayout()
        verifyManifests()
        findings.finish()
        return Outcome(
            findings: findings.all, manifests: manifests, layers: layers, entries: entries, bytes: bytes)
    }

    private mutating func verifyLayout() {
        guard let folder = image.layout else { return }
        switch document(at: folder.appending("oci-layout"), "oci-layout") {
        case nil: break
        case let json?:
            if json["imageLayoutVersion"]?.string != "1.0.0" {
                findings.problem("oci-layout", "'imageLayoutVersion' is not \"1.0.0\"")
            }
        }
        if let json = document(at: folder.appending("index.json"), "index.json") {
            do { _ = try ImageIndex(json: json) } catch {
                findings.problem("index.json", Failure.reason(of: error))
            }
            if let type = json["mediaType"]?.string, type != MediaType.imageIndex.description {
                findings.problem("index.json", "its mediaType is '\(type)'")
            }
        }
        let blobs = folder.appending("blobs").appending("sha256")
        for name in (try? FileSystem.names(in: blobs)) ?? [] where (try? Digest("sha256:\(name)")) == nil {
            findings.warning("blobs/sha256", "\(QuotedName(name.string.utf8)) is no digest")
        }
    }

    private mutating func document(at path: FilePath, _ thing: String) -> JSONValue? {
        let content: [UInt8]
        do throws(POSIXError) { content = try FileSystem.read(path, limit: FoundImage.longestDocument) } catch {
            findings.problem(thing, error.errno == .noSuchFileOrDirectory ? "it is missing" : error.description)
            return nil
        }
        return parse(content, thing)
    }

    /// Parses JSON strictly: programs differ in which of two members of one name they use.
    func parsed(_ content: [UInt8]) -> Result<JSONValue, JSONError> {
        do throws(JSONError) { return .success(try JSONValue(parsing: content)) } catch { return .failure(error) }
    }

    mutating func parse(_ content: [UInt8], _ thing: String) -> JSONValue? {
        switch parsed(content) {
        case .success(let json): return json
        case .failure(let error):
            findings.problem(thing, error.reason)
            return nil
        }
    }

    /// Returns a small blob after verifying it against its descriptor; nil if it failed, which is then among the
    /// findings.
    mutating func content(of descriptor: Descriptor, _ thing: String) -> [UInt8]? {
        guard let path = image.path(of: descriptor.digest), FileSystem.exists(path) else {
            findings.problem(thing, "it is missing")
            return nil
        }
        guard let content = try? FileSystem.read(path, limit: FoundImage.longestDocument) else {
            findings.problem(thing, "it cannot be read, or is longer than a document can be")
            return nil
        }
        bytes += Int64(content.count)
        return check(descriptor, size: Int64(content.count), digest: Digest(of: content), thing) ? content : nil
    }

    /// Compares a blob's size and digest with its descriptor.
    mutating func check(_ descriptor: Descriptor, size: Int64, digest: Digest, _ thing: String) -> Bool {
        if size != descriptor.size {
            findings.problem(thing, "it has \(size) bytes, and its descriptor says \(descriptor.size)")
        }
        if digest != descriptor.digest { findings.problem(thing, "its content has the digest \(digest)") }
        return digest == descriptor.digest
    }

    private mutating func verifyManifests() {
        var walk = ManifestWalk { (descriptor, reason) in
            WalkEnd(thing: "manifest \(descriptor.digest)", reason: reason)
        }
        do throws(WalkEnd) {
            try walk.visit(image.descriptor) { (descriptor) throws(WalkEnd) in verify(descriptor) }
        } catch { findings.problem(error.thing, error.reason) }
    }

    /// Verifies a manifest or an index; returns the manifests that it lists.
    private mutating func verify(_ descriptor: Descriptor) -> [Descriptor] {
        let thing = "manifest \(descriptor.digest)"
        guard let content = content(of: descriptor, thing), let json = parse(content, thing) else { return [] }
        manifests += 1
        verifyMediaType(json, descriptor, thing)
        if descriptor.mediaType.isIndex || json["manifests"] != nil { return verifyIndex(json, thing) }
        verifyManifest(json, descriptor, thing)
        return []
    }

    /// Verifies that a manifest's media type is that of its descriptor; otherwise one digest can mean two things.
    ///
    /// Source: <https://github.com/opencontainers/image-spec/security/advisories/GHSA-77vh-xpmg-72qh>.
    private mutating func verifyMediaType(_ json: JSONValue, _ descriptor: Descriptor, _ thing: String) {
        let type = descriptor.mediaType
        if !type.isIndex && !type.isImageManifest {
            findings.problem(thing, "its descriptor's mediaType '\(type)' is neither a manifest nor an index")
        }
        if let own = json["mediaType"]?.string {
            if own != type.description {
                findings.problem(thing, "its mediaType is '\(own)', and its descriptor says '\(type)'")
            }
        } else if json["mediaType"] != nil {
            findings.problem(thing, "'mediaType' is no text")
        }
        if json["manifests"] != nil && (json["layers"] != nil || json["config"] != nil) {
            findings.problem(thing, "it is both an index and a manifest")
        }
    }

    private mutating func verifyIndex(_ json: JSONValue, _ thing: String) -> [Descriptor] {
        let index: ImageIndex
        do { index = try ImageIndex(json: json) } catch {
            findings.problem(thing, Failure.reason(of: error))
            return []
        }
        if index.manifests.isEmpty { findings.warning(thing, "it lists no manifest") }
        for child in index.manifests where child.platform == nil && child.mediaType.isImageManifest {
            findings.warning(thing, "manifest \(child.digest) has no platform")
        }
        return index.manifests
    }
}

/// Where a walk over manifests ends early, and why.
private struct WalkEnd: Error {
    let thing: String
    let reason: String
}
