/// What nvidia-smi lists.
struct GPUInventory: Sendable, Hashable {
    /// The memory of each GPU in MiB, nil for one whose memory the driver does not tell.
    let memories: [Int?]

    /// Reads the output of ``query``: a number of MiB a line, or why there is none.
    ///
    /// A row such as `[N/A]` or `[Unknown Error]` is a GPU all the same; a sentence, such as a warning or that there are
    /// no devices, is none. <https://docs.nvidia.com/deploy/nvidia-smi/>
    init(_ output: String) {
        memories = output.split(whereSeparator: \.isNewline).compactMap { line -> Int?? in
            var text = line.filter { !$0.isWhitespace }
            if text.hasSuffix("MiB") { text.removeLast(3) }
            if let number = Int(text) { return .some(number) }
            let isUnknown = text.hasPrefix("[") && text.hasSuffix("]") || ["N/A", "ERR!"].contains(text.uppercased())
            return isUnknown ? .some(nil) : nil
        }
    }

    static let none = GPUInventory("")

    /// The memory of the smallest of those that tell it.
    var least: Int? { memories.compactMap(\.self).min() }
    /// How many do not tell it.
    var unknown: Int { memories.filter { $0 == nil }.count }

    /// The command whose output is read.
    static let query = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
}
