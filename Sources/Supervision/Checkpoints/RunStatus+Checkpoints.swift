import ByteText
import RunContract

extension RunStatus {
    /// Adds a checkpoint, so that the newest of each stage comes last whatever the order of the uploads.
    mutating func addCheckpoint(_ step: Int, of stage: String) {
        let name = "\(stage)/\(step)"
        checkpoints.removeAll { $0 == name }
        let earlier = checkpoints.lastIndex { other in
            let parts = other.split(byte: "/").map(String.init)
            return parts.count == 2 && parts[0] == stage && Int(parts[1]) ?? 0 < step
        }
        let first = checkpoints.firstIndex { $0.split(byte: "/").first.map(String.init) == stage }
        checkpoints.insert(name, at: earlier.map { $0 + 1 } ?? first ?? checkpoints.endIndex)
    }
}
