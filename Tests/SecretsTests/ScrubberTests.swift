import Secrets
import Testing

@Suite struct ScrubberTests {
    /// Numbers that are the same in every run, so that a failure comes again (xorshift64*).
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            return state &* 2_685_821_657_736_338_717
        }
    }

    private static let secrets = [
        "hunter2hunter2", "hunter2hunter2-and-more", "aaaaaaaa", "p@ss w/ord+ü%", "abcabcabd", "\"quoted\\json\"",
    ]

    /// Every form in which a value goes out: as it is, in URLs, and in base64 at each alignment.
    private static func forms(_ secret: String) -> [String] {
        let encoded = secret.utf8.map { byte in
            let character = Character(Unicode.Scalar(byte))
            let isPlain = byte < 128 && (character.isLetter || character.isNumber || "-._~".contains(character))
            return isPlain ? String(character) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
        return [secret, encoded] + ["", "u", "us", "user:", "me:"].map { base64($0 + secret + "tail") }
    }

    private static func base64(_ text: String) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let bits = text.utf8.flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 } }
        return String(
            stride(from: 0, to: bits.count, by: 6).map { start in
                alphabet[(0..<6).reduce(0) { $0 << 1 | (start + $1 < bits.count ? Int(bits[start + $1]) : 0) }]
            })
    }

    private static func pieces(_ bytes: [UInt8], _ numbers: inout Numbers) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 0...Int.random(in: 1...40, using: &numbers), using: &numbers))
            pieces.append(piece)
            rest = rest.dropFirst(piece.count)
        }
        return pieces
    }

    @Test(arguments: 1...100)
    func `however a stream is cut, the output is the same and shows no secret`(seed: Int) {
        var numbers = Numbers(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15)
        let noise = ["loss: 1.25\n", "a", "aaaa", "hunter2", "abcabc", "p@ss", "é", "%", "\u{0}", "aHVudGVy", " "]
        var text = ""
        for _ in 0..<30 {
            let secret = Self.secrets.randomElement(using: &numbers) ?? ""
            let secretForm = Self.forms(secret).randomElement(using: &numbers) ?? ""
            text += Bool.random(using: &numbers) ? secretForm : noise.randomElement(using: &numbers) ?? ""
        }
        let scrubber = Scrubber(Self.secrets.map { Secret($0) })
        let whole = scrubber.scrubbed(text)
        var stream = scrubber
        var output: [UInt8] = []
        for piece in Self.pieces(Array(text.utf8), &numbers) { output += stream.scrub(piece) }
        output += stream.finish()
        #expect(String(decoding: output, as: UTF8.self) == whole)
        for secret in Self.secrets { #expect(!whole.contains(secret)) }
        #expect(whole.contains("<redacted>"))
    }

    @Test(arguments: secrets)
    func `each form is found alone`(secret: String) {
        let scrubber = Scrubber([Secret(secret)])
        let forms = Self.forms(secret)
        #expect(scrubber.scrubbed("(\(forms[0]))") == "(<redacted>)")
        #expect(scrubber.scrubbed("(\(forms[1]))") == "(<redacted>)")
        for form in forms.dropFirst(2) {
            // The digits at both ends are shared with what stands beside the value.
            let shown = scrubber.scrubbed("Basic \(form)!")
            #expect(shown.hasPrefix("Basic "))
            #expect(shown.contains("<redacted>"))
        }
    }

    @Test func `what is too short to be told from words is left`() {
        #expect(Scrubber([Secret("short"), Secret("")]).scrubbed("a short text") == "a short text")
    }

    @Test func `text without secrets comes out as it went in, and at once`() {
        var scrubber = Scrubber([Secret("hunter2hunter2")])
        #expect(scrubber.scrub("step 1\n".utf8) == Array("step 1\n".utf8))
        #expect(scrubber.scrub("hunter2".utf8).isEmpty)
        #expect(scrubber.scrub("!".utf8) == Array("hunter2!".utf8))
        #expect(scrubber.finish().isEmpty)
    }
}
