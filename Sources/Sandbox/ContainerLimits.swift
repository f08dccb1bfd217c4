import Containers
import JSON
import POSIX

/// The most that one container may take of this machine, so that a faulty image cannot take everything.
package struct ContainerLimits: Sendable, Equatable {
    /// The memory in bytes; the kernel kills a container that needs more.
    package var memoryBytes: Int64
    /// The processor time as a number of processors, such as 1.5.
    package var processors: Double

    package init(memoryBytes: Int64, processors: Double) {
        self.memoryBytes = memoryBytes
        self.processors = processors
    }

    /// Three quarters of the machine's memory and nine tenths of its processor time.
    package static var ofThisMachine: ContainerLimits {
        ContainerLimits(
            memoryBytes: PhysicalMemory.bytes / 4 * 3, processors: Double(Processors.count) * 0.9)
    }

    /// True where the kernel enforces the limits: the runc of an ordinary user cannot create control groups.
    package static var canBeKept: Bool { !RuntimeIdentity.current.isRootless }

    /// The limits in the terms of runc's configuration.
    var resources: RuntimeDocument.Resources {
        RuntimeDocument.Resources(memoryBytes: memoryBytes, processors: processors)
    }

    init(json: JSONValue) throws {
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
