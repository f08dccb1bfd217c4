package import JSON
package import Timestamps

/// A machine as its target reports it.
package struct MachineStatus: Sendable, Hashable {
    /// What a machine does, as far as caasctl decides by it.
    package enum Phase: Sendable, Hashable {
        /// It was requested; it may be waiting for hardware.
        case queued
        case pulling
        case running
        /// Its container ended by itself, with success.
        case ended
        case failed
        /// Its end was requested.
        case stopping
        /// It was given back.
        case gone
    }

    /// The target's id of the machine, exactly as it was received.
    package let handle: JSONValue
    /// The name that the machine was requested with, nil where the target does not tell it.
    package var name: String?
    package var phase: Phase
    /// The target's own word for the phase, for display.
    package var word: String
    package var containers: [ContainerStatus] = []
    package var created: Timestamp?
    /// The hardware's display name, empty where the target does not tell it.
    package var hardware = ""
    package var gpus: Int?
    /// The price in US dollars.
    package var paidUSD: Double?
    package var minutesLeft: Int?

    package init(handle: JSONValue, name: String?, phase: Phase, word: String) {
        self.handle = handle
        self.name = name
        self.phase = phase
        self.word = word
    }

    /// True in a phase after which nothing more happens and nothing more is billed.
    package var isOver: Bool { [.ended, .failed, .gone].contains(phase) }
    /// True where the machine was given back or is about to be.
    package var isLeaving: Bool { [.stopping, .gone].contains(phase) }
    /// The URL at which the container's port is reachable, nil until then.
    package var address: String? { containers.first(where: \.isReady)?.address }
}

/// A container of a machine.
package struct ContainerStatus: Sendable, Hashable {
    /// The id, exactly as it was received.
    package let id: JSONValue
    package let isRunning: Bool
    /// The target's own word for the state, for display.
    package let word: String
    /// The URL at which its port is reachable.
    package let address: String?
    /// What happened to it, the oldest first, such as a failed pull.
    package let events: [String]

    package init(id: JSONValue, isRunning: Bool, word: String, address: String?, events: [String]) {
        self.id = id
        self.isRunning = isRunning
        self.word = word
        self.address = address
        self.events = events
    }

    /// True where the container accepts requests.
    package var isReady: Bool { isRunning && address != nil }
}
