/// Looks for the end of a head in bytes that come in pieces, at each byte once.
struct HeadScanner: Sendable {
    enum Finding: Sendable, Hashable {
        case none
        /// The head with its empty line ends behind so many of these bytes.
        case end(Int)
        /// It can be no head any more.
        case broken
    }

    /// Whether LF alone ends a line.
    let isLenient: Bool
    private var lastWasReturn = false
    /// Nothing stands in the line so far.
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
