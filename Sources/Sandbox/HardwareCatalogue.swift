import JSON

/// What the sandbox pretends to rent out: this machine, under two names, for nothing.
enum HardwareCatalogue {
    /// A kind of machine.
    struct Hardware: Sendable {
        let id: Int
        let name: String
        let brand: String
        let maximumPerContainer: Int
        let memoryGiB: Int
    }

    /// A place.
    struct Location: Sendable {
        let id: Int
        let iso2: String
        let name: String

        var json: JSONValue { ["id": .integer(id), "iso2": .string(iso2), "name": .string(name)] }
    }

    /// Containers of one deployment at most.
    static let replicas = 4

    static let hardware = [
        Hardware(id: 1, name: "H100", brand: "NVIDIA", maximumPerContainer: 8, memoryGiB: 80),
        Hardware(id: 2, name: "CPU", brand: "Sandbox", maximumPerContainer: 8, memoryGiB: 0),
    ]

    static let locations = [Location(id: 1, iso2: "US", name: "This machine")]

    /// The row with an id, which a client sends back as it got it: a number, or a text.
    static func hardware(_ id: JSONValue) -> Hardware? {
        hardware.first { $0.id == id.integer || String($0.id) == id.string }
    }

    /// The place with an id, or with a country's code.
    static func location(_ id: JSONValue) -> Location? {
        locations.first { $0.id == id.integer || $0.iso2 == id.string?.uppercased() || String($0.id) == id.string }
    }
}
