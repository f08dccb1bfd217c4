/// Replaces secret values in a stream of bytes, also where one is cut by the border of two buffers.
///
/// Looked for are the values of eight bytes or more, as they are, URL-encoded, and in base64 at each of its three
/// alignments (so that `base64(user:secret)` is caught). Feed it with ``scrub(_:)`` and end with ``finish()``.
public struct Scrubber: Sendable {
    private static let replacement = Array("<redacted>".utf8)

    private let needles: [[UInt8]]
    private let longest: Int
    private var held: [UInt8] = []

    /// A scrubber for these secrets; values shorter than eight bytes would hit ordinary words and are left out.
    public init(_ secrets: some Sequence<Secret>) {
        var needles: Set<[UInt8]> = []
        for secret in secrets {
            let value = Array(secret.unredacted.utf8)
            guard value.count >= 8 else { continue }
            needles.insert(value)
            needles.insert(Self.urlEncoded(value))
            for offset in 0..<3 { needles.insert(Self.base64Core(value, offset: offset)) }
        }
        self.needles = needles.filter { $0.count >= 8 }.sorted { $0.count > $1.count }
        longest = self.needles.first?.count ?? 0
    }

    /// What may be shown so far; up to one secret's length is held back until the next bytes decide.
    public mutating func scrub(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        held.append(contentsOf: bytes)
        guard longest > 0 else { return take(held.count) }
        var shown = replaceAll()
        let keep = heldBack()
        shown.append(contentsOf: take(held.count - keep))
        return shown
    }

    /// What was held back at the end of the stream.
    public mutating func finish() -> [UInt8] {
        guard longest > 0 else { return take(held.count) }
        var shown = replaceAll()
        shown.append(contentsOf: take(held.count))
        return shown
    }

    /// One whole text, scrubbed.
    public func scrubbed(_ text: String) -> String {
        var copy = self
        copy.held = []
        var bytes = copy.scrub(text.utf8)
        bytes.append(contentsOf: copy.finish())
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func take(_ count: Int) -> [UInt8] {
        let taken = Array(held.prefix(count))
        held.removeFirst(count)
        return taken
    }

    /// Shows everything up to the end of the last whole secret.
    private mutating func replaceAll() -> [UInt8] {
        var shown: [UInt8] = []
        var shownUpTo = 0
        var position = 0
        while position < held.count {
            if let needle = needle(at: position) {
                shown.append(contentsOf: held[shownUpTo..<position])
                shown.append(contentsOf: Self.replacement)
                position += needle.count
                shownUpTo = position
            } else {
                position += 1
            }
        }
        held.removeFirst(shownUpTo)
        return shown
    }

    private func needle(at position: Int) -> [UInt8]? {
        let first = held[position]
        return needles.first { $0[0] == first && held[position...].starts(with: $0) }
    }

    /// The longest tail that may be the beginning of a secret.
    private func heldBack() -> Int {
        var length = min(longest - 1, held.count)
        while length > 0 {
            let tail = held.suffix(length)
            if needles.contains(where: { $0.count > length && $0.starts(with: tail) }) { return length }
            length -= 1
        }
        return 0
    }

    private static func urlEncoded(_ bytes: [UInt8]) -> [UInt8] {
        let hex = Array("0123456789ABCDEF".utf8)
        return bytes.flatMap { byte in
            let scalar = Unicode.Scalar(byte)
            let isPlain = scalar.isASCII && (Character(scalar).isLetter || Character(scalar).isNumber)
            return isPlain || "-._~".utf8.contains(byte)
                ? [byte] : [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
        }
    }

    /// The base64 digits that depend on the value alone when it stands `offset` bytes into a group of three.
    private static func base64Core(_ bytes: [UInt8], offset: Int) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        let firstBit = (6 - offset * 8 % 6) % 6
        var digits: [UInt8] = []
        var bit = firstBit
        while bit + 6 <= bytes.count * 8 {
            let high = Int(bytes[bit / 8]) << 8
            let low = bit / 8 + 1 < bytes.count ? Int(bytes[bit / 8 + 1]) : 0
            digits.append(alphabet[(high | low) >> (10 - bit % 8) & 63])
            bit += 6
        }
        return digits
    }
}
