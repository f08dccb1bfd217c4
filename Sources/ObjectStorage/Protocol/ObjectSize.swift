/// The length of an object or of a part, as a server says it.
enum ObjectSize {
    /// No service takes an object as long as this.
    private static let most: Int64 = 1 << 46
    /// What those of a listing may have together, so that whoever adds up pages of it gets a number of 64 bits.
    static let mostListed: Int64 = 1 << 62

    /// Nil for what is no length: what is reckoned with must not be any number.
    static func read(_ text: String?) -> Int64? {
        guard let size = text.flatMap({ Int64($0) }), (0...most).contains(size) else { return nil }
        return size
    }
}
