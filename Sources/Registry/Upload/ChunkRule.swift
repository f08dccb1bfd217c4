/// How a blob's upload is cut into requests.
struct ChunkRule: Sendable {
    /// Below this, requests cost more than they save.
    private static let smallest: Int64 = 1 << 20
    /// GHCR refuses longer ones: <https://github.com/oras-project/rust-oci-client/issues/37>.
    private static let afterRefusal: Int64 = (4 << 20) - (64 << 10)
    private static let standard: Int64 = 32 << 20
    /// Amazon's take no shorter ones but the last, and do not say so:
    /// <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UploadLayerPart.html>.
    private static let leastAtAmazon: Int64 = 5 << 20

    /// Bytes of a request, nil for the whole blob in one.
    private(set) var size: Int64?
    /// False once the registry has shown that it does not take parts.
    private(set) var isAllowed: Bool
    /// What the registry wants at least, of every request but the last.
    private var minimum: Int64 = 1
    private let firstSize: Int64

    /// The rule for a blob's upload; `forced` is what the user wants from the beginning.
    init(registry: String, blobSize: Int64, forced: Int64?) {
        // Google's registries take a blob in one request alone:
        // <https://cloud.google.com/artifact-registry/docs/docker/pushing-and-pulling>.
        isAllowed = !["gcr.io", "-docker.pkg.dev"].contains { registry.hasSuffix($0) }
        let standard = registry == "ghcr.io" ? Self.afterRefusal : Self.standard
        // What broke as a whole would break again in a single part.
        firstSize = forced ?? min(standard, max(Self.smallest, blobSize / 4))
        let isAmazon = registry.hasSuffix(".amazonaws.com") || registry == "public.ecr.aws"
        if isAmazon { minimum = Self.leastAtAmazon }
        size = isAllowed ? forced.map { [minimum] in max($0, minimum) } : nil
    }

    /// Takes parts from now on; false where the registry takes none.
    mutating func cut() -> Bool {
        guard isAllowed else { return false }
        if size == nil { size = max(firstSize, minimum) }
        return true
    }

    /// Takes shorter parts after a refusal; false where they are as short as they may be.
    mutating func shorten() -> Bool {
        guard let old = size else { return cut() }
        let next = max(old > Self.afterRefusal ? Self.afterRefusal : old / 2, minimum, min(old, Self.smallest))
        guard next < old else { return false }
        size = next
        return true
    }

    /// Goes back to one request for the whole blob.
    mutating func giveUp() {
        size = nil
        isAllowed = false
    }

    /// What `OCI-Chunk-Min-Length` asks for.
    mutating func demand(_ bytes: Int64) {
        minimum = max(minimum, bytes)
        size = size.map { max($0, bytes) }
    }
}
