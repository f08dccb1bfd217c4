/// Replaces secret values in a stream of bytes, also where one is cut by the border of two buffers.
///
/// Looked for are the values of eight bytes or more, as they are, URL-encoded, and in base64 at each of its three
/// alignments (so that `base64(user:secret)` is caught). Feed it with ``scrub(_:)`` and end with ``finish()``.
public struct Scrubber: Sendable {
    private static let replacement = Array("<redacted>".utf8)

    /// By their first byte, the longest first.
    private let needles: [[[UInt8]]]
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
        let sorted = needles.filter { $0.count >= 8 }.sorted { $0.count > $1.count }
        self.needles = (0...255).map { first in sorted.filter { $0[0] == first } }
    }

    /// What may be shown so far; up to one secret's length is held back until the next bytes decide.
    public mutating func scrub(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        held.append(contentsOf: bytes)
        return decide(isEnd: false)
    }

    /// What was held back at the end of the stream.
    public mutating func finish() -> [UInt8] { decide(isEnd: true) }

    /// One whole text, scrubbed.
    public func scrubbed(_ text: String) -> String {
        var copy = self
        copy.held = []
        var bytes = copy.scrub(text.utf8)
        bytes.append(contentsOf: copy.finish())
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Goes on from the left for as long as the bytes that are there decide; so the borders of buffers do not matter.
    private mutating func decide(isEnd: Bool) -> [UInt8] {
        var shown: [UInt8] = []
        var position = 0
        scan: while position < held.count {
            switch match(at: position, isEnd: isEnd) {
            case .nothing:
                shown.append(held[position])
                position += 1
            case .secret(let length):
                shown.append(contentsOf: Self.replacement)
                position += length
            case .undecided: break scan
            }
        }
        held.removeFirst(position)
        return shown
    }

    private enum Match {
        case nothing
        case secret(length: Int)
        case undecided
    }

    /// The longest secret that begins here, unless one that is longer still may turn out to.
    private func match(at position: Int, isEnd: Bool) -> Match {
        let candidates = needles[Int(held[position])]
        if candidates.isEmpty { return .nothing }
        let rest = held[position...]
        for needle in candidates {
            if rest.count >= needle.count {
                if rest.starts(with: needle) { return .secret(length: needle.count) }
            } else if !isEnd, needle.starts(with: rest) {
                return .undecided
            }
        }
        return .nothing
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
