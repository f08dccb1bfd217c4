/// How the children of a folder that is too big for one layer are put into layers.
///
/// Which layer a child goes to follows from its own name and the sizes of those beside it, never from its place among
/// them. Children are spread over buckets by the first bits of their names' hashes, a bucket that is too big is cut in
/// two by the next bit, and a child that fills half a layer gets layers of its own. A bigger child only ever makes a
/// bucket be cut, so that an added file moves no border but within the layer that it falls into.
struct FolderPartition {
    /// One child of the folder.
    struct Child {
        let hash: UInt64
        /// The bytes that it takes in a tar, with everything below it.
        let weight: Int64
    }

    /// Children that share a layer.
    struct Bucket: Equatable {
        /// The places of the children, in order.
        var children: [Int]
    }

    /// What a layer may weigh.
    let limit: Int64
    /// The children that are too big to share a layer, in order.
    private(set) var alone: [Int] = []
    private(set) var buckets: [Bucket] = []

    init(_ children: [Child], limit: Int64) {
        self.limit = limit
        alone = children.indices.filter { children[$0].weight > limit / 2 }
        divide(children, children.indices.sorted { children[$0].hash < children[$1].hash }[...], bit: 63)
    }

    /// A bucket's weight counts a child that is not in it, but beside it, with the weight that made it leave: were it
    /// forgotten, two buckets could become one when it outgrows theirs.
    private mutating func divide(_ children: [Child], _ members: ArraySlice<Int>, bit: Int) {
        let weight = members.reduce(into: Int64(0)) { $0 += min(children[$1].weight, limit / 2) }
        guard weight > limit, bit >= 0 else {
            let shared = members.filter { children[$0].weight <= limit / 2 }.sorted()
            if !shared.isEmpty { buckets.append(Bucket(children: shared)) }
            return
        }
        let middle = members.firstIndex { children[$0].hash >> UInt64(bit) & 1 == 1 } ?? members.endIndex
        divide(children, members[..<middle], bit: bit - 1)
        divide(children, members[middle...], bit: bit - 1)
    }

    /// FNV-1a, whose high bits are mixed once more: they alone decide.
    ///
    /// It is part of what decides an image's digest. <https://datatracker.ietf.org/doc/html/rfc9923>
    static func hash(_ name: [UInt8]) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        // The last step of SplitMix64. https://prng.di.unimi.it/splitmix64.c
        hash = (hash ^ hash >> 30) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ hash >> 27) &* 0x94D0_49BB_1331_11EB
        return hash ^ hash >> 31
    }
}
