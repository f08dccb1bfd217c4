package import JSON

/// One kind of machine that can be rented.
package struct IonetHardware: Sendable, Hashable {
    /// Goes back as it came.
    package let id: JSONValue
    /// Such as `H100`.
    package let name: String
    /// Such as `NVIDIA`.
    package let brand: String
    /// How many GPUs one container may have, nil where it is not said.
    package let mostGPUs: Int?
    /// How many are free, nil where it is not said.
    package let available: Int?

    init?(json: JSONValue) {
        guard let id = json.identifier("hardware_id", "id") else { return nil }
        self.id = id
        name = json.word("hardware_name") ?? json.word("name") ?? id.identifierText
        brand = json.word("brand_name") ?? ""
        mostGPUs = json.count("max_gpus_per_container") ?? json.count("num_cards")
        available = json.count("available") ?? json.count("available_replicas")
    }

    /// How well a name that somebody typed fits: 0 not at all, 2 exactly.
    func fit(_ wanted: String) -> Int {
        let wanted = wanted.lowercased()
        let name = name.lowercased()
        if [name, "\(brand.lowercased()) \(name)", id.identifierText.lowercased()].contains(wanted) { return 2 }
        let words = name.split { !$0.isLetter && !$0.isNumber }
        return words.contains { $0 == wanted } ? 1 : 0
    }
}

/// A place with machines of some kind.
package struct IonetLocation: Sendable, Hashable {
    /// Goes back as it came.
    package let id: JSONValue
    /// The country's two letters.
    package let country: String
    /// Such as `Frankfurt`.
    package let name: String
    /// How many containers of the asked size can start there.
    package let available: Int

    init?(json: JSONValue) {
        guard let id = json.identifier("id", "location_id", "iso2") else { return nil }
        self.id = id
        country = json.word("iso2") ?? ""
        name = json.word("name") ?? ""
        available = json.count("available_replicas") ?? json.count("available") ?? 0
    }

    /// True where somebody who typed this means here.
    func isMeant(by wanted: String) -> Bool {
        [country, name, id.identifierText].contains { $0.lowercased() == wanted.lowercased() }
    }

    /// For people: `US (Dallas)`.
    package var title: String {
        country.isEmpty ? name : name.isEmpty || name == country ? country : "\(country) (\(name))"
    }
}

/// What the provider says a run costs.
package struct IonetPrice: Sendable, Hashable {
    /// All of it, fees included; charged in advance.
    package let totalUSD: Double

    init?(json: JSONValue) {
        guard let total = json.amount("total_cost_usdc") ?? json.amount("total_cost"), total >= 0 else { return nil }
        totalUSD = total
    }
}
