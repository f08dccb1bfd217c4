/// The sizes of the requests that upload a blob.
struct ChunkRule: Sendable {
    /// The size below which more requests cost more than they save.
    private static let smallest: Int64 = 1 << 20
    /// GHCR refuses longer requests: <https://github.com/oras-project/rust-oci-client/issues/37>.
    private static let afterRefusal: Int64 = (4 << 20) - (64 << 10)
    private static let standard: Int64 = 32 << 20
    /// ECR's minimum for every part but the last, which it does not announce:
    /// <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UploadLayerPart.html>.
    private static let leastAtAmazon: Int64 = 5 << 20

    /// The bytes of one request; nil for the whole blob in one request.
    private(set) var size: Int64?
    /// False once the registry has shown that it does not accept parts.
    private(set) var isAllowed: Bool
    /// The registry's minimum for every part but the last, in bytes.
    private var minimum: Int64 = 1
    private let firstSize: Int64

    /// Creates the rule for a blob's upload; `forced` is the part size that the user demands from the beginning.
    init(registry: String, blobSize: Int64, forced: Int64?) {
        // Google's registries accept a blob only in one request:
        // <https://cloud.google.com/artifact-registry/docs/docker/pushing-and-pulling>.
        isAllowed = !["gcr.io", "-docker.pkg.dev"].contains { registry.hasSuffix($0) }
        let standard = registry == "ghcr.io" ? Self.afterRefusal : Self.standard
        // After a failure of the whole blob, a single part of the same size would fail too.
        firstSize = forced ?? min(standard, max(Self.smallest, blobSize / 4))
        let isAmazon = registry.hasSuffix(".amazonaws.com") || registry == "public.ecr.aws"
        if isAmazon { minimum = Self.leastAtAmazon }
        size = isAllowed ? forced.map { [minimum] in max($0, minimum) } : nil
    }

    /// Switches to parts; returns false if the registry accepts none.
    mutating func cut() -> Bool {
        guard isAllowed else { return false }
        if size == nil { size = max(firstSize, minimum) }
        return true
    }

    /// Switches to shorter parts after a refusal; returns false if they cannot be shorter.
    mutating func shorten() -> Bool {
        guard let old = size else { return cut() }
        let next = max(old > Self.afterRefusal ? Self.afterRefusal : old / 2, minimum, min(old, Self.smallest))
        guard next < old else { return false }
        size = next
        return true
    }

    /// Switches back to one request for the whole blob.
    mutating func giveUp() {
        size = nil
        isAllowed = false
    }

    /// Applies the minimum of an `OCI-Chunk-Min-Length` field.
    mutating func demand(_ bytes: Int64) {
        minimum = max(minimum, bytes)
        size = size.map { max($0, bytes) }
    }
}
