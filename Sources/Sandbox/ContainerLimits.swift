import Containers
import JSON
import POSIX

/// What one container takes of this machine at most, so that an image that goes astray leaves something to its user.
package struct ContainerLimits: Sendable, Equatable {
    /// Bytes of memory; what needs more is killed by the kernel.
    package var memoryBytes: Int64
    /// Processors' worth of time; 1.5 is one and a half.
    package var processors: Double

    /// Limits that somebody chose.
    package init(memoryBytes: Int64, processors: Double) {
        self.memoryBytes = memoryBytes
        self.processors = processors
    }

    /// Three quarters of the machine's memory, and nine tenths of its processors' time.
    package static var ofThisMachine: ContainerLimits {
        ContainerLimits(
            memoryBytes: PhysicalMemory.bytes / 4 * 3, processors: Double(Processors.count) * 0.9)
    }

    /// True where the kernel keeps them: an ordinary user's runc has no control groups.
    package static var canBeKept: Bool { !RuntimeIdentity.current.isRootless }

    /// The limits in runc's words.
    var resources: RuntimeDocument.Resources {
        RuntimeDocument.Resources(memoryBytes: memoryBytes, processors: processors)
    }

    init(json: JSONValue) throws(JSONError) {
        self.init(
            memoryBytes: Int64(try json.whole("memory_bytes")),
            processors: Double(try json.whole("processors_percent")) / 100)
    }

    var json: JSONValue {
        [
            "memory_bytes": .integer(memoryBytes), "processors_percent": .integer(Int((processors * 100).rounded())),
        ]
    }
}
