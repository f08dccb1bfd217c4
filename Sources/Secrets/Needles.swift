/// Symbol sequences, all searched for at once (Aho, Corasick: <https://doi.org/10.1145/360825.360855>).
///
/// The search time depends neither on the number of needles nor on their similarity to the searched bytes.
///
/// Unchecked because the compiler does not treat pointers as sendable. Nothing writes to the memory after
/// initialisation.
final class Needles: @unchecked Sendable {
    /// The meaning of a byte for the search: a symbol of needles, or one of three kinds of non-symbols.
    struct Kind: Sendable, Hashable {
        let number: UInt16

        static func symbol(_ symbol: UInt8) -> Kind { Kind(number: UInt16(symbol)) }
        /// Has no meaning between symbols, such as line breaks in base64.
        static let skipped = Kind(number: 256)
        /// Has no meaning after another skipped byte, such as indentation in base64.
        static let skippedAfterSkipped = Kind(number: 257)
        /// Ends a partial match.
        static let other = Kind(number: 258)

        /// The symbol, nil for the other kinds.
        var symbol: UInt8? { UInt8(exactly: number) }
    }

    /// A node of the trie of all needles; the path from the root to it is a prefix of needles.
    struct Node: Sendable {
        let symbol: UInt8
        let depth: Int32
        /// Index of the first node one symbol deeper, 0 for none.
        var child: Int32 = 0
        /// Index of the next node with the same parent, 0 for none.
        var sibling: Int32 = 0
        /// Index of the node for the longest proper suffix of this node's symbols that begins a needle, 0 for none.
        var fallback: Int32 = 0
        /// The length in symbols of the longest needle that ends here, 0 for none.
        var match: Int32 = 0
    }

    /// All nodes; the first one is the root.
    let nodes: UnsafePointer<Node>
    /// Indices of the nodes of depth 1 by symbol, 0 for none.
    private let beginnings: UnsafePointer<Int32>
    /// The kind of each byte.
    let kinds: UnsafePointer<Kind>
    /// Index of the node that each byte leads to from the root, 0 for none.
    let first: UnsafePointer<Int32>
    /// The number of symbols that must have matched before bytes may be skipped.
    let leastBeforeSkip: Int32
    /// The length in symbols of the longest needle.
    let longest: Int

    init(_ needles: Set<[UInt8]>, leastBeforeSkip: Int32 = 1, kind: (UInt8) -> Kind) {
        kinds = Self.kept((0...255).map { kind(UInt8($0)) })
        self.leastBeforeSkip = leastBeforeSkip
        longest = needles.map(\.count).max() ?? 0
        var nodes = [Node(symbol: 0, depth: 0)]
        var beginnings = [Int32](repeating: 0, count: 256)
        for needle in needles.sorted(by: { $0.lexicographicallyPrecedes($1) }) where !needle.isEmpty {
            var node = Int32(0)
            for symbol in needle { node = Self.child(of: node, symbol, &nodes, &beginnings) }
            nodes[Int(node)].match = Int32(needle.count)
        }
        Self.link(&nodes, beginnings)
        self.nodes = Self.kept(nodes)
        self.beginnings = Self.kept(beginnings)
        let kinds = kinds
        first = Self.kept((0...255).map { kinds[$0].symbol.map { beginnings[Int($0)] } ?? 0 })
    }

    deinit {
        nodes.deallocate()
        beginnings.deallocate()
        kinds.deallocate()
        first.deallocate()
    }

    private static func kept<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafePointer<Element> {
        let memory = UnsafeMutableBufferPointer<Element>.allocate(capacity: max(1, elements.count))
        _ = memory.initialize(from: elements)
        return UnsafePointer(memory.baseAddress ?? UnsafeMutablePointer.allocate(capacity: 1))
    }

    private static func child(
        of node: Int32, _ symbol: UInt8, _ nodes: inout [Node], _ beginnings: inout [Int32]
    ) -> Int32 {
        if node == 0, beginnings[Int(symbol)] != 0 { return beginnings[Int(symbol)] }
        if node != 0 {
            let known = nodes.withUnsafeBufferPointer { find(symbol, below: node, $0.baseAddress) }
            if known != 0 { return known }
        }
        let new = Int32(nodes.count)
        var child = Node(symbol: symbol, depth: nodes[Int(node)].depth + 1)
        if node == 0 {
            beginnings[Int(symbol)] = new
        } else {
            child.sibling = nodes[Int(node)].child
            nodes[Int(node)].child = new
        }
        nodes.append(child)
        return new
    }

    /// Returns the index of the child of `node` for `symbol`, 0 for none.
    private static func find(_ symbol: UInt8, below node: Int32, _ nodes: UnsafePointer<Node>?) -> Int32 {
        guard let nodes else { return 0 }
        var child = nodes[Int(node)].child
        while child != 0, nodes[Int(child)].symbol != symbol { child = nodes[Int(child)].sibling }
        return child
    }

    /// Sets each node's fallback, at which the search goes on after a mismatch, in breadth-first order.
    private static func link(_ nodes: inout [Node], _ beginnings: [Int32]) {
        var queue = beginnings.filter { $0 != 0 }
        var next = 0
        while next < queue.count {
            let node = queue[next]
            next += 1
            var child = nodes[Int(node)].child
            while child != 0 {
                let symbol = nodes[Int(child)].symbol
                var fallback = nodes[Int(node)].fallback
                var target: Int32 = 0
                while fallback != 0, target == 0 {
                    target = nodes.withUnsafeBufferPointer { find(symbol, below: fallback, $0.baseAddress) }
                    fallback = nodes[Int(fallback)].fallback
                }
                if target == 0 { target = beginnings[Int(symbol)] }
                nodes[Int(child)].fallback = target
                nodes[Int(child)].match = max(nodes[Int(child)].match, nodes[Int(target)].match)
                queue.append(child)
                child = nodes[Int(child)].sibling
            }
        }
    }

    /// Returns the node that the search reaches from `node` with `symbol`.
    func step(_ node: Int32, _ symbol: UInt8) -> Int32 {
        var node = node
        while node != 0 {
            let child = Self.find(symbol, below: node, nodes)
            if child != 0 { return child }
            node = nodes[Int(node)].fallback
        }
        return beginnings[Int(symbol)]
    }

    /// Returns true if a needle may begin with these two bytes.
    ///
    /// `isDecoded` is true if the search runs on decoded bytes, where an escape may follow the first byte.
    func mayBegin(_ first: UInt8, _ second: UInt8, isDecoded: Bool) -> Bool {
        guard let symbol = kinds[Int(first)].symbol, beginnings[Int(symbol)] != 0 else { return false }
        if isDecoded, EscapeDecoder.beginsEscape(second) { return true }
        if let next = kinds[Int(second)].symbol { return Self.find(next, below: beginnings[Int(symbol)], nodes) != 0 }
        return kinds[Int(second)] == .skipped && leastBeforeSkip <= 1
    }
}
