import Testing

@testable import ImageLayers

@Suite struct FolderPartitionTests {
    private static let limit: Int64 = 1_000

    /// Names and weights that are the same in each run.
    private struct Tree {
        var weights: [String: Int64] = [:]
        var generator: SystemRandom

        struct SystemRandom: RandomNumberGenerator {
            var state: UInt64
            mutating func next() -> UInt64 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return state ^ state >> 29
            }
        }

        init(seed: UInt64, count: Int, heaviest: Int64) {
            generator = SystemRandom(state: seed)
            for number in 0..<count { weights["name\(number)"] = Int64.random(in: 1...heaviest, using: &generator) }
        }

        /// The layers as sets of names.
        var layers: Set<Set<String>> {
            let names = weights.keys.sorted()
            let children = names.map {
                FolderPartition.Child(hash: FolderPartition.hash(Array($0.utf8)), weight: weights[$0] ?? 0)
            }
            let partition = FolderPartition(children, limit: limit)
            return Set(
                partition.buckets.map { Set($0.children.map { names[$0] }) } + partition.alone.map { [names[$0]] })
        }

        func weight(of layer: Set<String>) -> Int64 { layer.reduce(0) { $0 + (weights[$1] ?? 0) } }
    }

    @Test(arguments: [(10, 100), (100, 50), (100, 2_000), (1_000, 20), (5, 5_000), (1, 3_000), (0, 1), (300, 600)])
    func `every child is in one layer, and no layer is too big that could be smaller`(count: Int, heaviest: Int64) {
        for seed in 1...20 as ClosedRange<UInt64> {
            let tree = Tree(seed: seed, count: count, heaviest: heaviest)
            let layers = tree.layers
            #expect(layers.flatMap(\.self).sorted() == tree.weights.keys.sorted())
            for layer in layers { #expect(tree.weight(of: layer) <= Self.limit || layer.count == 1) }
        }
    }

    @Test func `layers are about half full`() {
        let tree = Tree(seed: 1, count: 20_000, heaviest: 40)
        let average = tree.weights.values.reduce(0, +) / Int64(tree.layers.count)
        #expect(average > Self.limit * 4 / 10)
    }

    @Test(arguments: [20, 120, 600, 1_500])
    func `an added or longer file moves no other border`(heaviest: Int64) {
        for seed in 1...60 as ClosedRange<UInt64> {
            var tree = Tree(seed: seed, count: 100, heaviest: heaviest)
            var before = tree.layers
            for step in 0..<20 {
                let name = step.isMultiple(of: 2) ? "new\(step)" : "name\(step)"
                tree.weights[name, default: 0] += Int64.random(in: 1...heaviest, using: &tree.generator)
                let after = tree.layers
                let gone = before.subtracting(after)
                // Only the layer of the changed file changes, although it may be split.
                #expect(gone.count <= 1)
                let parts = after.subtracting(before)
                let isNew = step.isMultiple(of: 2)
                #expect(Set(parts.flatMap(\.self)) == (gone.first ?? []).union(isNew ? [name] : []))
                before = after
            }
        }
    }

    @Test func `a removed file changes its own layer, and at most joins it with the neighbour`() {
        for seed in 1...60 as ClosedRange<UInt64> {
            var tree = Tree(seed: seed, count: 100, heaviest: 50)
            let before = tree.layers
            tree.weights["name7"] = nil
            #expect(before.subtracting(tree.layers).count <= 2)
        }
    }

    /// The digests of images depend on these hashes.
    @Test func `hashes stay what they are`() {
        #expect(FolderPartition.hash([]) == 0xF52A_15E9_A9B5_E89B)
        #expect(FolderPartition.hash(Array("torch".utf8)) == 3_840_998_570_423_481_577)
    }
}
