/// Finds the end of a head in pieces of bytes, and reads each byte once.
struct HeadScanner: Sendable {
    enum Finding: Sendable, Hashable {
        case none
        /// The number of these bytes up to and including the head's empty line.
        case end(Int)
        /// The bytes cannot be a head any more.
        case broken
    }

    /// True if LF alone ends a line.
    let isLenient: Bool
    private var lastWasReturn = false
    /// True while the current line has no bytes.
    private var lineIsEmpty = true

    init(isLenient: Bool) { self.isLenient = isLenient }

    mutating func scan(_ bytes: some Collection<UInt8>) -> Finding {
        var count = 0
        for byte in bytes {
            count += 1
            switch byte {
            case FieldSyntax.lineFeed:
                guard lastWasReturn || isLenient else { return .broken }
                if lineIsEmpty { return .end(count) }
                lineIsEmpty = true
                lastWasReturn = false
            case FieldSyntax.carriageReturn:
                if lastWasReturn { return .broken }
                lastWasReturn = true
            default:
                guard !lastWasReturn, FieldSyntax.isValueCharacter(byte) else { return .broken }
                lineIsEmpty = false
            }
        }
        return .none
    }
}
