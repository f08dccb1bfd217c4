/// Looks for a way through a pattern: byte by byte of the path, with all the places in the pattern that it may be at.
///
/// So no pattern takes long or much, neither one of ten thousand stars nor one that nests as deep.
struct IgnoreSearch {
    typealias Token = IgnorePattern.Token

    /// The longest character has four bytes, so that nothing leads further than to the fifth place from here.
    private static let reach = 5

    private let tokens: [Token]
    private let path: [UInt8]
    /// True where a path that ends before the pattern does is enough.
    private let isPrefix: Bool
    /// A number for each token, one for the pattern's end, and one for each token that is within a folder's name.
    private let states: Int
    /// What is to be looked at, at this place of the path and the next four.
    private var open: [[Int]]
    private var isOpen: [Bool]

    init(tokens: [Token], path: [UInt8], isPrefix: Bool = false) {
        self.tokens = tokens
        self.path = path
        self.isPrefix = isPrefix
        states = 2 * tokens.count + 1
        open = Array(repeating: [], count: Self.reach)
        isOpen = Array(repeating: false, count: Self.reach * states)
    }

    private mutating func add(_ state: Int, at place: Int) {
        let slot = place % Self.reach
        guard !isOpen[slot * states + state] else { return }
        isOpen[slot * states + state] = true
        open[slot].append(state)
    }

    consuming func matches() -> Bool {
        add(0, at: 0)
        for place in 0...path.count {
            let slot = place % Self.reach
            var index = 0
            while index < open[slot].count {
                if follow(open[slot][index], at: place) { return true }
                index += 1
            }
            for state in open[slot] { isOpen[slot * states + state] = false }
            open[slot].removeAll(keepingCapacity: true)
            if open.allSatisfy(\.isEmpty) { return false }
        }
        return false
    }

    /// Goes on from a state; true where that is a match already.
    private mutating func follow(_ state: Int, at place: Int) -> Bool {
        let byte = place < path.count ? path[place] : nil
        let slash = UInt8(ascii: "/")
        if state == tokens.count { return byte == nil }
        guard state < tokens.count else {
            if let byte { add(byte == slash ? state - tokens.count - 1 : state, at: place + 1) }
            return false
        }
        if byte == nil && isPrefix { return true }
        switch tokens[state] {
        case .everything: return true
        case .byte(let wanted): if byte == wanted { add(state + 1, at: place + 1) }
        case .character, .set:
            guard byte != nil else { break }
            let (character, length) = UTF8Character.decode(path, at: place)
            if isMember(character, of: tokens[state]) { add(state + 1, at: place + length) }
        case .name:
            add(state + 1, at: place)
            if let byte, byte != slash { add(state, at: place + 1) }
        case .folders:
            add(state + 1, at: place)
            if let byte { add(byte == slash ? state : state + tokens.count + 1, at: place + 1) }
        }
        return false
    }

    private func isMember(_ character: UInt32, of token: Token) -> Bool {
        guard character != UInt32(UInt8(ascii: "/")) else { return false }
        guard case .set(let ranges, let isNegated) = token else { return true }
        return ranges.contains { $0.contains(character) } != isNegated
    }
}
