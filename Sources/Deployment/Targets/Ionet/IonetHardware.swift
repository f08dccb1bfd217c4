package import JSON

/// A kind of machine that can be rented.
package struct IonetHardware: Sendable, Hashable {
    /// The id, which is sent back exactly as it was received.
    package let id: JSONValue
    /// The model, such as `H100`.
    package let name: String
    /// The vendor, such as `NVIDIA`.
    package let brand: String
    /// The maximum number of GPUs in one container, nil where the answer does not contain it.
    package let mostGPUs: Int?
    /// The number of free machines, nil where the answer does not contain it.
    package let available: Int?

    init?(json: JSONValue) {
        guard let id = json.identifier("hardware_id", "id") else { return nil }
        self.id = id
        name = json.word("hardware_name") ?? json.word("name") ?? id.identifierText
        brand = json.word("brand_name") ?? ""
        mostGPUs = json.count("max_gpus_per_container") ?? json.count("num_cards")
        available = json.count("available") ?? json.count("available_replicas")
    }

    /// Returns how well the hardware matches a name: 0 not at all, 1 one word of it, 2 exactly.
    func fit(_ wanted: String) -> Int {
        let wanted = wanted.lowercased()
        let name = name.lowercased()
        if [name, "\(brand.lowercased()) \(name)", id.identifierText.lowercased()].contains(wanted) { return 2 }
        let words = name.split { !$0.isLetter && !$0.isNumber }
        return words.contains { $0 == wanted } ? 1 : 0
    }
}

/// A location of machines.
package struct IonetLocation: Sendable, Hashable {
    /// The id, which is sent back exactly as it was received.
    package let id: JSONValue
    /// The two-letter country code.
    package let country: String
    /// The place, such as `Frankfurt`.
    package let name: String
    /// The number of containers of the requested size that can start there.
    package let available: Int

    init?(json: JSONValue) {
        guard let id = json.identifier("id", "location_id", "iso2") else { return nil }
        self.id = id
        country = json.word("iso2") ?? ""
        name = json.word("name") ?? ""
        available = json.count("available_replicas") ?? json.count("available") ?? 0
    }

    /// Returns whether a location of the manifest names this one, by country, name or id.
    func isMeant(by wanted: String) -> Bool {
        [country, name, id.identifierText].contains { $0.lowercased() == wanted.lowercased() }
    }

    /// The display name, such as `US (Dallas)`.
    package var title: String {
        country.isEmpty ? name : name.isEmpty || name == country ? country : "\(country) (\(name))"
    }
}

/// The provider's price of a run.
package struct IonetPrice: Sendable, Hashable {
    /// The total price in US dollars with all fees, charged in advance.
    package let totalUSD: Double

    init?(json: JSONValue) {
        guard let total = json.amount("total_cost_usdc") ?? json.amount("total_cost"), total >= 0 else { return nil }
        totalUSD = total
    }
}
