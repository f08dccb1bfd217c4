import Archive

/// The names of an image while its layers are applied.
///
/// A million names must fit into memory: names and targets are in one byte array, and a node has no heap object of its
/// own. Removing a name only removes it from the hash table, which takes no search through the nodes.
struct ImageTree {
    /// One file, identified by its index in `nodes`; a folder comes before its content.
    struct Node {
        var parent: UInt32
        var nameStart: UInt32
        /// The offset of target and extended attributes in `arena`; 0 if there are none.
        var extra: UInt32 = 0
        var extraLength: UInt32 = 0
        /// The index of the entry in its layer.
        var ordinal: UInt32 = 0
        var user: UInt32 = 0
        var group: UInt32 = 0
        var size: Int64 = 0
        var modified: Int64 = 0
        var nameLength: UInt16
        var mode: UInt16 = 0o755
        /// The index of the layer that has the content; `implied` for a folder without an entry in any layer.
        var layer: UInt16 = Self.implied
        var kind: ArchiveEntry.Kind = .directory

        static let implied = UInt16.max
    }

    static let root: UInt32 = 0
    private static let free = UInt32.max
    private static let removed = UInt32.max - 1

    private(set) var nodes: [Node]
    /// The bytes of names, targets and extended attributes; never empty, so that offset 0 can mean none.
    private(set) var arena: [UInt8] = [0]
    private var table: [UInt32]
    private var taken = 0

    init(expecting count: Int) {
        nodes = [Node(parent: Self.root, nameStart: 0, nameLength: 0)]
        nodes.reserveCapacity(count + 1)
        table = Array(repeating: Self.free, count: Self.capacity(for: count))
    }

    private static func capacity(for count: Int) -> Int {
        var capacity = 1024
        while capacity < count + count / 2 { capacity *= 2 }
        return capacity
    }

    func name(of node: UInt32) -> ArraySlice<UInt8> {
        let node = nodes[Int(node)]
        return arena[Int(node.nameStart)..<Int(node.nameStart) + Int(node.nameLength)]
    }

    /// Returns the range in `arena` of the target and the extended attributes, in a listing's format.
    func extra(of node: UInt32) -> Range<Int> {
        let node = nodes[Int(node)]
        return Int(node.extra)..<Int(node.extra) + Int(node.extraLength)
    }

    func child(_ name: ArraySlice<UInt8>, of folder: UInt32) -> UInt32? {
        let slot = slot(of: name, in: folder)
        return table[slot] < Self.removed ? table[slot] : nil
    }

    /// Adds a node to a folder, replacing one of the same name; returns nil if the index or offset range is exhausted.
    mutating func add(_ node: Node, _ name: ArraySlice<UInt8>, extra: ArraySlice<UInt8> = []) -> UInt32? {
        guard nodes.count < Int(Self.removed), arena.count + name.count + extra.count < Int(UInt32.max) else {
            return nil
        }
        var node = node
        node.nameStart = UInt32(arena.count)
        node.nameLength = UInt16(name.count)
        arena.append(contentsOf: name)
        if !extra.isEmpty {
            node.extra = UInt32(arena.count)
            node.extraLength = UInt32(extra.count)
            arena.append(contentsOf: extra)
        }
        let number = UInt32(nodes.count)
        nodes.append(node)
        put(number, name, in: node.parent)
        return number
    }

    /// Changes a folder's attributes and keeps its content.
    mutating func update(_ number: UInt32, extra: ArraySlice<UInt8>, _ change: (inout Node) -> Void) {
        change(&nodes[Int(number)])
        nodes[Int(number)].extra = 0
        nodes[Int(number)].extraLength = 0
        guard !extra.isEmpty, arena.count + extra.count < Int(UInt32.max) else { return }
        nodes[Int(number)].extra = UInt32(arena.count)
        nodes[Int(number)].extraLength = UInt32(extra.count)
        arena.append(contentsOf: extra)
    }

    /// Removes a name from a folder, with everything below it.
    mutating func remove(_ name: ArraySlice<UInt8>, from folder: UInt32) {
        let slot = slot(of: name, in: folder)
        if table[slot] < Self.removed { table[slot] = Self.removed }
    }

    /// Removes everything from a folder, by replacing it with a new node of the same name and attributes.
    mutating func empty(_ folder: UInt32) {
        guard folder != Self.root else { return emptyRoot() }
        let node = nodes[Int(folder)]
        let name = name(of: folder)
        let number = UInt32(nodes.count)
        nodes.append(node)
        put(number, name, in: node.parent)
    }

    private mutating func emptyRoot() {
        for (slot, number) in table.enumerated() where number < Self.removed && nodes[Int(number)].parent == Self.root {
            table[slot] = Self.removed
        }
    }

    private mutating func put(_ number: UInt32, _ name: ArraySlice<UInt8>, in folder: UInt32) {
        let slot = slot(of: name, in: folder)
        if table[slot] == Self.free { taken += 1 }
        table[slot] = number
        guard taken > table.count / 4 * 3 else { return }
        let numbers = table.filter { $0 < Self.removed }
        table = Array(repeating: Self.free, count: Self.capacity(for: numbers.count * 2))
        taken = numbers.count
        for number in numbers { table[self.slot(of: self.name(of: number), in: nodes[Int(number)].parent)] = number }
    }

    /// Returns the table slot of a name, or the slot where it would be inserted.
    private func slot(of name: ArraySlice<UInt8>, in folder: UInt32) -> Int {
        // Swift seeds the hasher at random, so that no image can be crafted to cause collisions.
        var hasher = Hasher()
        hasher.combine(folder)
        name.withUnsafeBytes { hasher.combine(bytes: $0) }
        var slot = hasher.finalize() & (table.count - 1)
        var reusable: Int?
        while table[slot] != Self.free {
            let number = table[slot]
            if number == Self.removed {
                if reusable == nil { reusable = slot }
            } else if nodes[Int(number)].parent == folder, self.name(of: number) == name {
                return slot
            }
            slot = (slot + 1) & (table.count - 1)
        }
        return reusable ?? slot
    }

    /// Returns whether the node's name in its folder still refers to this node.
    func isNamed(_ number: UInt32) -> Bool {
        number == Self.root || child(name(of: number), of: nodes[Int(number)].parent) == number
    }
}
