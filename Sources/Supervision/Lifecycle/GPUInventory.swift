/// The GPUs that nvidia-smi lists.
struct GPUInventory: Sendable, Hashable {
    /// The memory of each GPU in MiB, nil if the driver does not report it.
    let memories: [Int?]

    /// Reads the output of ``query``: per line a number of MiB, or why there is none.
    ///
    /// A row such as `[N/A]` or `[Unknown Error]` still stands for a GPU. A sentence, such as a warning or a message
    /// that there are no devices, does not. <https://docs.nvidia.com/deploy/nvidia-smi/>
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

    /// The smallest known memory in MiB, nil if none is known.
    var least: Int? { memories.compactMap(\.self).min() }
    /// The number of GPUs of unknown memory.
    var unknown: Int { memories.filter { $0 == nil }.count }

    /// The command whose output is read.
    static let query = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
}
