/// Divides the children of a folder that is too big for one layer among several layers.
///
/// The layer of a child depends only on its own name and on the sizes of its siblings, never on its position among
/// them. The first bits of the names' hashes distribute children over buckets. The next bit splits a bucket that is too
/// big, and a child that fills half a layer gets its own layers. A bigger child can only split a bucket further, so an
/// added file changes borders only within the layer that it belongs to.
struct FolderPartition {
    /// One child of the folder.
    struct Child {
        let hash: UInt64
        /// The size in a tar in bytes, including everything below the child.
        let weight: Int64
    }

    /// Children that share a layer.
    struct Bucket: Equatable {
        /// The indices of the children, in order.
        var children: [Int]
    }

    /// The largest weight of a layer.
    let limit: Int64
    /// The indices of the children that are too big to share a layer, in order.
    private(set) var alone: [Int] = []
    private(set) var buckets: [Bucket] = []

    init(_ children: [Child], limit: Int64) {
        self.limit = limit
        alone = children.indices.filter { children[$0].weight > limit / 2 }
        divide(children, children.indices.sorted { children[$0].hash < children[$1].hash }[...], bit: 63)
    }

    /// Splits children into buckets by a bit of their hashes.
    ///
    /// The weight of a bucket includes the children in its hash range that have their own layers, each as half a layer.
    /// Otherwise two buckets could merge when a child becomes too big for them.
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

    /// Returns the FNV-1a hash with its high bits mixed once more, because the high bits decide the bucket.
    ///
    /// The hash affects the digests of images.
    /// <https://datatracker.ietf.org/doc/html/rfc9923>
    static func hash(_ name: [UInt8]) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        // The finalizer of SplitMix64. https://prng.di.unimi.it/splitmix64.c
        hash = (hash ^ hash >> 30) &* 0xBF58_476D_1CE4_E5B9
        hash = (hash ^ hash >> 27) &* 0x94D0_49BB_1331_11EB
        return hash ^ hash >> 31
    }
}
