/// What nvidia-smi lists.
struct GPUInventory: Sendable, Hashable {
    /// The memory of each GPU in MiB.
    let memories: [Int]

    /// Reads the output of ``query``: a number of MiB a line.
    init(_ output: String) {
        memories = output.split(whereSeparator: \.isNewline).compactMap { line in
            Int(line.filter { $0 != " " && $0 != "\t" })
        }
    }

    static let none = GPUInventory("")

    /// The command whose output is read.
    static let query = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
}
