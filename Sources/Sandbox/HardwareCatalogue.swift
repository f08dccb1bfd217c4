import JSON

/// The hardware that the sandbox offers: this machine, under two names, free of charge.
enum HardwareCatalogue {
    /// A kind of hardware, with the most of its GPUs that one container may have.
    struct Hardware: Sendable {
        let id: Int
        let name: String
        let brand: String
        let maximumPerContainer: Int
        let memoryGiB: Int
    }

    /// A location of the hardware.
    struct Location: Sendable {
        let id: Int
        let iso2: String
        let name: String

        var json: JSONValue { ["id": .integer(id), "iso2": .string(iso2), "name": .string(name)] }
    }

    /// The maximum number of containers in one deployment.
    static let replicas = 4

    static let hardware = [
        Hardware(id: 1, name: "H100", brand: "NVIDIA", maximumPerContainer: 8, memoryGiB: 80),
        Hardware(id: 2, name: "CPU", brand: "Sandbox", maximumPerContainer: 8, memoryGiB: 0),
    ]

    static let locations = [Location(id: 1, iso2: "US", name: "This machine")]

    /// Returns the hardware with an id, which a client may send back as a number or as text.
    static func hardware(_ id: JSONValue) -> Hardware? {
        hardware.first { $0.id == id.integer || String($0.id) == id.string }
    }

    /// Returns the location with an id or a country code.
    static func location(_ id: JSONValue) -> Location? {
        locations.first { $0.id == id.integer || $0.iso2 == id.string?.uppercased() || String($0.id) == id.string }
    }
}
