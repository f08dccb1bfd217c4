/// The children of a folder, which a survey keeps until it leaves the folder: 32 bytes for each.
struct FolderChildren {
    private struct Child {
        let hash: UInt64
        let weight: Int64
        let range: Range<Int64>
    }

    private var children: [Child] = []
    /// The layers of children that were divided themselves, by index.
    private var divided: [Int: [SurveyedFiles.Layer]] = [:]
    /// The total weight of the children.
    private(set) var weight: Int64 = 0

    mutating func append(
        _ name: [UInt8], weight: Int64, _ range: Range<Int64>, _ layers: [SurveyedFiles.Layer]? = nil
    ) {
        if let layers { divided[children.count] = layers }
        children.append(Child(hash: FolderPartition.hash(name), weight: weight, range: range))
        self.weight += weight
    }

    /// Divides the children of a folder into layers.
    func layers(of path: [UInt8], folder: Int, limit: Int64) -> [SurveyedFiles.Layer] {
        let partition = FolderPartition(
            children.map { FolderPartition.Child(hash: $0.hash, weight: $0.weight) }, limit: limit)
        var layers: [SurveyedFiles.Layer] = []
        for (number, bucket) in partition.buckets.enumerated() {
            var runs: [SurveyedFiles.Run] = []
            for place in bucket.children {
                let range = children[place].range
                if let last = runs.indices.last, runs[last].range.upperBound == range.lowerBound {
                    runs[last].range = runs[last].range.lowerBound..<range.upperBound
                } else {
                    runs.append(SurveyedFiles.Run(folder: folder, range: range))
                }
            }
            let part = SurveyedFiles.Part.some(of: path, number: number + 1, count: partition.buckets.count)
            layers.append(SurveyedFiles.Layer(part: part, runs: runs))
        }
        for place in partition.alone {
            if let inner = divided[place] {
                layers += inner
                continue
            }
            let run = SurveyedFiles.Run(folder: folder, range: children[place].range)
            layers.append(SurveyedFiles.Layer(part: .one(of: path), runs: [run]))
        }
        return layers
    }
}
