/// Replaces secret values in a stream of bytes, including values that are split across two buffers.
///
/// It searches for each value of eight bytes or more and for each of its lines of that length. The forms are:
/// unchanged, escaped as in JSON, programming languages, shells, URLs and HTML, in hexadecimal digits, and in base64 at
/// each of its three alignments (so that `base64(user:secret)` is caught). Feed it with ``scrub(_:)`` and end with
/// ``finish()``.
package struct Scrubber: Sendable {
    private static let replacement = Array("<redacted>".utf8)

    private let forms: SecretForms
    private var literal: NeedleSearch
    private var loose: NeedleSearch
    private var exact: NeedleSearch
    private var base64: NeedleSearch
    private var hexadecimal: NeedleSearch
    private var decoder = EscapeDecoder()

    /// The bytes not shown yet; `base` is the stream position of the first one.
    private var held: [UInt8] = []
    private var base = 0
    private var scanned = 0
    /// The ranges to replace, sorted and disjoint.
    private var secret: [Range<Int>] = []
    /// True if the replacement of the first range has been shown already.
    private var isFirstShown = false

    /// Creates a scrubber for these secrets, without those shorter than eight bytes, which would hit ordinary words.
    package init(_ secrets: some Sequence<Secret>) { self.init(values: secrets.map { Array($0.unredacted.utf8) }) }

    /// Creates a scrubber for these values, which need not be UTF-8.
    package init(values: some Sequence<[UInt8]>) {
        forms = SecretForms(values)
        literal = NeedleSearch(forms.literal)
        loose = NeedleSearch(forms.loose)
        exact = NeedleSearch(forms.exact)
        base64 = NeedleSearch(forms.base64)
        hexadecimal = NeedleSearch(forms.hexadecimal)
    }

    /// Adds bytes and returns those that may be shown.
    ///
    /// Bytes that may begin a secret are held back until the following bytes decide.
    package mutating func scrub(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        if forms.isEmpty { return Array(bytes) }
        held.append(contentsOf: bytes)
        scan()
        let undecided = min(
            min(decoder.held, literal.held, loose.held), min(exact.held, base64.held, hexadecimal.held))
        return show(until: min(base + held.count, undecided))
    }

    /// Ends the stream and returns the bytes that were held back, scrubbed.
    package mutating func finish() -> [UInt8] {
        decoder.finish()
        takeDecoded()
        defer { self = Scrubber(fresh: self) }
        return show(until: base + held.count)
    }

    /// Returns a whole text, scrubbed.
    package func scrubbed(_ text: String) -> String {
        if forms.isEmpty { return text }
        var copy = Scrubber(fresh: self)
        var bytes = copy.scrub(text.utf8)
        bytes.append(contentsOf: copy.finish())
        return String(decoding: bytes, as: UTF8.self)
    }

    private init(fresh other: Scrubber) {
        forms = other.forms
        literal = NeedleSearch(forms.literal)
        loose = NeedleSearch(forms.loose)
        exact = NeedleSearch(forms.exact)
        base64 = NeedleSearch(forms.base64)
        hexadecimal = NeedleSearch(forms.hexadecimal)
    }

    private var isIdle: Bool {
        literal.node | loose.node | exact.node | base64.node | hexadecimal.node == 0 && decoder.isIdle
    }

    private mutating func scan() {
        while scanned < held.count {
            if isIdle {
                scanned = forms.firstBeginning(in: held, from: scanned)
                if scanned == held.count { return }
            }
            let (byte, position) = (held[scanned], base + scanned)
            scanned += 1
            if let match = literal.add(byte, position, position + 1) { note(match) }
            if decoder.isIdle, !EscapeDecoder.beginsEscape(byte) {
                take(byte, position, position + 1)
            } else if decoder.isIdle, scanned < held.count, let unit = EscapeDecoder.short(byte, held[scanned]) {
                // Fast path for two-byte escapes, by far the most frequent ones, such as escaped quotes in JSON.
                if let match = literal.add(held[scanned], position + 1, position + 2) { note(match) }
                take(unit, position, position + 2)
                scanned += 1
            } else {
                decoder.add(byte, at: position)
                takeDecoded()
            }
            if byte == 0x0A || byte == 0x0D { endLine(at: position + 1) }
        }
    }

    private mutating func takeDecoded() {
        for unit in decoder.decoded { take(unit.byte, unit.start, unit.end) }
        decoder.decoded.removeAll(keepingCapacity: true)
    }

    private mutating func take(_ byte: UInt8, _ start: Int, _ end: Int) {
        if let match = loose.add(byte, start, end) { note(match) }
        if let match = exact.add(byte, start, end) { note(match) }
        if let match = base64.add(byte, start, end) { note(match) }
        if let match = hexadecimal.add(byte, start, end) { note(match) }
    }

    private mutating func endLine(at position: Int) {
        literal.endLine(at: position)
        loose.endLine(at: position)
        exact.endLine(at: position)
        base64.endLine(at: position)
        hexadecimal.endLine(at: position)
    }

    private mutating func note(_ match: Range<Int>) {
        var match = match
        while let last = secret.last, last.upperBound > match.lowerBound {
            match = min(last.lowerBound, match.lowerBound)..<max(last.upperBound, match.upperBound)
            secret.removeLast()
        }
        secret.append(match)
    }

    private mutating func show(until end: Int) -> [UInt8] {
        var shown: [UInt8] = []
        shown.reserveCapacity(end - base)
        var position = base
        var done = 0
        for range in secret {
            guard range.lowerBound < end else { break }
            if !isFirstShown {
                shown.append(contentsOf: held[(position - base)..<(range.lowerBound - base)])
                shown.append(contentsOf: Self.replacement)
            }
            position = min(end, range.upperBound)
            // Keep a range that may still grow.
            isFirstShown = range.upperBound > end
            if isFirstShown { break }
            done += 1
        }
        secret.removeFirst(done)
        if !isFirstShown { shown.append(contentsOf: held[(position - base)..<(end - base)]) }
        held.removeFirst(end - base)
        scanned -= end - base
        base = end
        return shown
    }
}
