/// Reads text one Unicode scalar at a time, because a Swift `Character` joins a carriage return with its newline.
struct ScalarReader {
    private let scalars: [Unicode.Scalar]
    private var position = 0

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    var peek: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }
    var rest: String { String(scalars[position...]) }

    /// True where these come next.
    func isAt(_ wanted: Unicode.Scalar...) -> Bool { scalars[position...].starts(with: wanted) }

    mutating func next() -> Unicode.Scalar? {
        guard let scalar = peek else { return nil }
        position += 1
        return scalar
    }

    mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        position += 1
        return true
    }
}

extension Unicode.Scalar {
    var isSpace: Bool { properties.isWhitespace }
    var isDigit: Bool { ("0"..."9").contains(self) }
}

extension String {
    init(_ scalars: ArraySlice<Unicode.Scalar>) {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        self.init(view)
    }
}

extension StringProtocol {
    /// The text without white space at either end.
    var trimmed: String {
        let scalars = unicodeScalars.drop(while: \.isSpace)
        return String(String.UnicodeScalarView(scalars.reversed().drop(while: \.isSpace).reversed()))
    }

    /// The words of the text, split at white space.
    var fields: [String] {
        unicodeScalars.split(whereSeparator: \.isSpace).map { String(String.UnicodeScalarView($0)) }
    }
}
