import JSON
import Secrets
import TestSupport
import Testing

@Suite struct ScrubberTests {
    /// Pseudorandom numbers (xorshift64*) with a fixed seed, so that a failure is reproducible.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64
        init(seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1 }
        mutating func next() -> UInt64 {
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            return state &* 2_685_821_657_736_338_717
        }
    }

    private static let secrets = [
        "hunter2hunter2", "hunter2hunter2-and-more", "aaaaaaaa", "p@ss w/ord+ü%", "abcabcabd", "\"quoted\\json\"",
        "it's \"both\" & <more>", "n0t/a+path%41&amp;", "two\nlines of it\n", "tab\tand\u{1B}escape", "a'b\"c\\d&e",
        "пароль-секрет",
        "naïve-café-\u{1F511}-key", "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n",
    ]

    /// Every form in which programs write a value, produced by programs independent of this project.
    private static let forms = #"""
        import ast, base64, binascii, html, json, shlex, subprocess, sys, textwrap, urllib.parse
        def forms(s):
            b = s.encode()
            yield from [s, json.dumps(s)[1:-1], json.dumps(s, ensure_ascii=False)[1:-1], json.dumps(json.dumps(s))[3:-3]]
            yield json.dumps(s)[1:-1].replace("/", "\\/")
            yield "".join("\\u%04x" % c for c in memoryview(s.encode("utf-16-le")).cast("H"))
            yield "".join("\\u%04X" % c for c in memoryview(s.encode("utf-16-le")).cast("H"))
            yield from [repr(s)[1:-1], ascii(s)[1:-1], repr(b)[2:-1], "".join("\\x%02x" % c for c in b)]
            yield from ["".join("\\x%02X" % c for c in b), "".join("\\%03o" % c for c in b)]
            yield from [urllib.parse.quote(s), urllib.parse.quote(s, safe=""), urllib.parse.quote_plus(s)]
            yield urllib.parse.quote(urllib.parse.quote(s, safe=""), safe="")
            yield urllib.parse.quote(s, safe="").replace("%2B", "%2b").replace("%2F", "%2f").replace("%3C", "%3c")
            yield from ["".join("%%%02X" % c for c in b), "".join("%%%02x" % c for c in b)]
            yield from [html.escape(s), html.escape(html.escape(s)), "".join("&#%d;" % ord(c) for c in s)]
            yield from ["".join("&#x%x;" % ord(c) for c in s), "".join("&#x%X;" % ord(c) for c in s)]
            yield from ["".join("&#%03d;" % ord(c) for c in s), html.escape(json.dumps(s))[6:-6]]
            yield from [shlex.quote(s).strip("'")]
            yield subprocess.run(["bash", "-c", 'printf %q "$1"', "-", s], stdout=subprocess.PIPE).stdout.decode().lstrip("$").strip("'")
            yield subprocess.run(["bash", "-c", 'x=$1; echo "${x@Q}"', "-", s], stdout=subprocess.PIPE).stdout.decode().rstrip("\n").lstrip("$").strip("'")
            h = binascii.hexlify(b).decode()
            yield from [h, h.upper(), b.hex(":"), b.hex(":").upper(), b.hex(" "), b.hex("-"), b.hex(" ", 4)]
            yield from [", ".join("0x%02x" % c for c in b), textwrap.fill(h, 60), b.hex(":", 1).replace(":", ":\n ")]
        def digits(s):
            for before in ["", "u", "us", "user:"]:
                for code in [base64.b64encode, base64.urlsafe_b64encode]:
                    t = code((before + s + "tail").encode()).decode()
                    yield from [t, urllib.parse.quote(t, safe=""), t.replace("/", "\\/"), json.dumps(t)[1:-1]]
                    for n in [10, 64, 76]:
                        w = textwrap.fill(t, n)
                        yield from [w, w.replace("\n", "\r\n"), w.replace("\n", "\n    "), json.dumps(w)[1:-1]]
        secrets = json.loads(sys.argv[1])
        print(json.dumps([[list(forms(s)), list(digits(s))] for s in secrets]))
        """#

    private struct Forms: Sendable {
        /// Forms of the value alone.
        var whole: [String] = []
        /// Forms in base64, with other bytes before and after the value.
        var digits: [String] = []
    }

    private static func allForms() async throws -> [Forms] {
        let list = JSONValue.array(secrets.map(JSONValue.string)).text
        let said = try await Command("python3", ["-c", forms, list]).succeed()
        return try (JSONValue(parsing: said).array ?? []).map { pair in
            var forms = Forms()
            for form in pair.array?[0].array ?? [] { forms.whole.append(try #require(form.string)) }
            for form in pair.array?[1].array ?? [] { forms.digits.append(try #require(form.string)) }
            return forms
        }
    }

    /// Computed once: one program per form takes time.
    private static let known = Task { try await allForms() }

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

    private static func streamed(_ text: String, _ scrubber: Scrubber, _ numbers: inout Numbers) -> String {
        var stream = scrubber
        var output: [UInt8] = []
        for piece in pieces(Array(text.utf8), &numbers) { output += stream.scrub(piece) }
        return String(decoding: output + stream.finish(), as: UTF8.self)
    }

    @Test func `each form of each value is found alone`() async throws {
        let all = try await Self.known.value
        #expect(all.count == Self.secrets.count)
        for (secret, forms) in zip(Self.secrets, all) {
            let scrubber = Scrubber([Secret(secret)])
            #expect(forms.whole.count > 30)
            for form in forms.whole {
                let shown = scrubber.scrubbed("(\(form))")
                // Quotes and line breaks at both ends may remain, and up to three symbols before the end of a line.
                let left = shown.replacing("<redacted>", with: "").filter { !$0.isWhitespace }
                #expect(shown.contains("<redacted>") && left.utf8.count <= 24, "\(secret.debugDescription): \(form)")
                for line in secret.split(separator: "\n") where line.utf8.count >= 8 { #expect(!shown.contains(line)) }
            }
            for form in forms.digits {
                let shown = scrubber.scrubbed(form)
                #expect(shown.contains("<redacted>"), "\(secret.debugDescription): \(form)")
                let left = shown.replacing("<redacted>", with: "").filter { $0.isLetter || $0.isNumber }
                // Digits at both ends also encode adjacent bytes; three digits may remain before the end of a line.
                #expect(left.count <= 30, "\(secret.debugDescription): \(form): \(shown)")
            }
        }
    }

    @Test(arguments: 1...5)
    func `however a stream is cut, the output is the same and shows what is no secret`(seed: Int) async throws {
        var numbers = Numbers(seed: seed)
        let all = try await Self.known.value
        let scrubber = Scrubber(Self.secrets.map { Secret($0) })
        let odd = [
            "\\", "\\u", "\\u00", "%", "%4", "&", "&#", "&#x6", "&am", "\\x", "\\1", "aaaa", "hunter2", "abcabc",
            "p@ss", "é",
            "\u{0}", "aHVudGVy", " ", "\n", "\r\n", "\\n", "'", "-----", "6875", "68:75", "\\ud83d", "MIIE\n",
        ]
        for _ in 0..<5 {
            var (mixed, clear) = ("", "")
            for number in 0..<20 {
                let forms = all.randomElement(using: &numbers) ?? Forms()
                let form = forms.whole.randomElement(using: &numbers) ?? ""
                mixed += Bool.random(using: &numbers) ? form : odd.randomElement(using: &numbers) ?? ""
                clear += "|\(number)| \(form) "
            }
            #expect(Self.streamed(mixed, scrubber, &numbers) == scrubber.scrubbed(mixed))
            let shown = Self.streamed(clear, scrubber, &numbers)
            #expect(shown == scrubber.scrubbed(clear))
            // Quotes around a value may remain, and up to three symbols before the end of a line.
            let parts = shown.split(separator: #/\|\d+\|/#)
            #expect(
                parts.count == 20 && parts.allSatisfy { $0.contains("<redacted>") && $0.utf8.count < 60 }, "\(shown)")
            for secret in Self.secrets { #expect(!shown.contains(secret)) }
        }
    }

    /// Compares with a naive search: every position against every needle.
    @Test(arguments: 1...40)
    func `what is hidden are the bytes that some value covers`(seed: Int) {
        var numbers = Numbers(seed: seed)
        let letters = Array("abAB".utf8)
        func random(_ count: ClosedRange<Int>) -> [UInt8] {
            (0..<Int.random(in: count, using: &numbers)).map { _ in letters.randomElement(using: &numbers) ?? 0x61 }
        }
        let values = (0..<3).map { _ in random(8...10) }
        let text = (0..<40).flatMap { _ in
            Bool.random(using: &numbers) ? values.randomElement(using: &numbers) ?? [] : random(0...9)
        }
        var covered = [Bool](repeating: false, count: text.count)
        for value in values {
            for start in text.indices where text[start...].starts(with: value) {
                for index in start..<(start + value.count) { covered[index] = true }
            }
        }
        let shown = zip(text, covered).filter { !$0.1 }.map(\.0)
        let scrubber = Scrubber(values: values)
        let output = Self.streamed(String(decoding: text, as: UTF8.self), scrubber, &numbers)
        #expect(Array(output.replacing("<redacted>", with: "").utf8) == shown)
        // Overlapping matches count as one.
        var groups = 0
        var end = 0
        for start in text.indices {
            guard let value = values.filter({ text[start...].starts(with: $0) }).max(by: { $0.count < $1.count })
            else { continue }
            if start >= end { groups += 1 }
            end = max(end, start + value.count)
        }
        #expect(output.split(separator: "<redacted>", omittingEmptySubsequences: false).count - 1 == groups)
    }

    @Test func `what is too short to be told from words is left`() {
        #expect(Scrubber([Secret("short"), Secret("")]).scrubbed("a short text") == "a short text")
    }

    @Test func `text without secrets comes out as it went in, and at once`() {
        var scrubber = Scrubber([Secret("hunter2hunter2"), Secret("nvapi-0123456789")])
        #expect(scrubber.scrub("step 1\n".utf8) == Array("step 1\n".utf8))
        #expect(scrubber.scrub("hunter2".utf8).isEmpty)
        #expect(scrubber.scrub("!".utf8) == Array("hunter2!".utf8))
        // A line's end holds nothing back, although it may stand for the n of `\n` and base64 may continue after it.
        for line in ["50%\r", "aHV\n", "a\\\n", "n\n", "nva\n", "68\n", "&am\n", "\\u00\n"] {
            #expect(scrubber.scrub(line.utf8) == Array(line.utf8))
        }
        #expect(scrubber.finish().isEmpty)
    }

    @Test func `what is held back is bounded, whatever comes`() {
        let secret = "aaaaaaaa\nMIIEvQIBADANBgkq"
        for unit in ["a", "\\", "%25", "&amp;", "\n", "MIIE\n", " ", "6161", "YWFh\n", "\\u005c", "é", "'"] {
            var scrubber = Scrubber([Secret(secret)])
            var (fed, shown) = (0, 0)
            for _ in 0..<200 {
                let piece = Array(String(repeating: unit, count: 100).utf8)
                fed += piece.count
                let output = scrubber.scrub(piece)
                shown += output.count
                // Consecutive copies of the same secret are one match with one replacement.
                if unit != "a", unit != "6161", unit != "YWFh\n" { #expect(fed - shown < 4096) }
            }
            #expect(shown + scrubber.finish().count > 0)
        }
    }

    @Test func `each line of a file and each value that it assigns is hidden`() {
        let file =
            "export HF_TOKEN='hf_0123456789'\nmachine a login me password swordfish\n\nKEY = 0123456789abcdef\nA=b\n"
        let scrubber = Scrubber([Secret(file)])
        #expect(scrubber.scrubbed("echo hf_0123456789!") == "echo <redacted>!")
        #expect(scrubber.scrubbed("machine a login me password swordfish") == "<redacted>")
        #expect(scrubber.scrubbed("{'KEY': '0123456789abcdef', 'A': 'b'}") == "{'KEY': '<redacted>', 'A': 'b'}")
    }

    @Test func `a key that stands in one variable with escapes is hidden in its lines`() {
        let key = #"-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----"#
        let scrubber = Scrubber([Secret(key)])
        let printed = key.replacing(#"\n"#, with: "\n")
        #expect(scrubber.scrubbed("<\(printed)>") == "<<redacted>>")
        #expect(scrubber.scrubbed("  hkiG9w0BAQEFAASC\n") == "  <redacted>\n")
    }
}
