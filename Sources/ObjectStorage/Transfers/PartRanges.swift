/// The division of a file into parts: all of one size except the last.
///
/// R2 refuses parts of unequal length. <https://developers.cloudflare.com/r2/objects/multipart-objects/>
struct PartRanges: Sendable, Hashable {
    static let mebibyte: Int64 = 1 << 20
    /// S3 allows 10,000; the margin is for files that grow.
    static let mostParts: Int64 = 9000

    let size: Int64
    let partSize: Int64

    /// Divides into parts of a given size.
    init(size: Int64, partSize: Int64) {
        self.size = size
        self.partSize = partSize
    }

    /// Uses the smallest part size in whole mebibytes, at least `minimum` bytes, that gives few enough parts.
    init(cutting size: Int64, minimum: Int64) {
        let needed = max(minimum, (size + Self.mostParts - 1) / Self.mostParts)
        let rounded = (needed + Self.mebibyte - 1) / Self.mebibyte * Self.mebibyte
        self.init(size: size, partSize: rounded)
    }

    /// The number of parts: at least one, also for an empty file.
    var count: Int { max(1, Int((size + partSize - 1) / partSize)) }

    func offset(_ index: Int) -> Int64 { Int64(index) * partSize }

    func length(_ index: Int) -> Int64 { min(partSize, size - offset(index)) }
}
