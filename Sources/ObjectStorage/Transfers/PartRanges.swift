/// How a file is cut into parts: all of one length, but for the last.
///
/// R2 refuses parts of unequal length. <https://developers.cloudflare.com/r2/objects/multipart-objects/>
struct PartRanges: Sendable, Hashable {
    static let mebibyte: Int64 = 1 << 20
    /// S3 takes 10,000; a file that grows must not need more.
    static let mostParts: Int64 = 9000

    let size: Int64
    let partSize: Int64

    /// Parts of a given length.
    init(size: Int64, partSize: Int64) {
        self.size = size
        self.partSize = partSize
    }

    /// The smallest parts in whole mebibytes of at least `minimum` bytes that are few enough.
    init(cutting size: Int64, minimum: Int64) {
        let needed = max(minimum, (size + Self.mostParts - 1) / Self.mostParts)
        let rounded = (needed + Self.mebibyte - 1) / Self.mebibyte * Self.mebibyte
        self.init(size: size, partSize: rounded)
    }

    /// At least one, also of an empty file.
    var count: Int { max(1, Int((size + partSize - 1) / partSize)) }

    func offset(_ index: Int) -> Int64 { Int64(index) * partSize }

    func length(_ index: Int) -> Int64 { min(partSize, size - offset(index)) }
}
