import JSON

/// The hardware that an API offers, where it is, and what it costs.
struct HardwareCatalogue: Sendable {
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
        /// The number of containers that it has room for.
        let free: Int

        var json: JSONValue { ["id": .integer(id), "iso2": .string(iso2), "name": .string(name)] }
    }

    /// The maximum number of containers in one deployment.
    static let replicas = 4

    /// What the sandbox offers: this machine, under two names, free of charge.
    static let sandbox = HardwareCatalogue(
        hardware: [
            Hardware(id: 1, name: "H100", brand: "NVIDIA", maximumPerContainer: 8, memoryGiB: 80),
            Hardware(id: 2, name: "CPU", brand: "Sandbox", maximumPerContainer: 8, memoryGiB: 0),
        ],
        locations: [Location(id: 1, iso2: "US", name: "This machine", free: replicas)]
    ) { _, _ in 0 }

    let hardware: [Hardware]
    let locations: [Location]
    /// The price in US dollars of a number of GPUs for a number of hours.
    let priceUSD: @Sendable (_ gpus: Int, _ hours: Int) -> Double

    /// Returns the hardware with an id, which a client may send back as a number or as text.
    func hardware(_ id: JSONValue) -> Hardware? {
        hardware.first { $0.id == id.integer || String($0.id) == id.string }
    }

    /// Returns the location with an id or a country code.
    func location(_ id: JSONValue) -> Location? {
        locations.first { $0.id == id.integer || $0.iso2 == id.string?.uppercased() || String($0.id) == id.string }
    }
}
