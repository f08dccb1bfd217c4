import Definitions
import JSON

extension IonetClient {
    /// Returns matching hardware, a location and the price; ids in the manifest take precedence over the search.
    package func offer(for resources: IonetResources) async throws(DeploymentError) -> Offer {
        let machine = try await machine(for: resources)
        let price = try await price(
            hardware: machine.id, locations: machine.places.map(\.id), gpus: resources.gpus, hours: resources.hours)
        return Offer(
            hardware: machine.name, places: machine.places.map(\.title), gpus: resources.gpus, hours: resources.hours,
            priceUSD: price.totalUSD, hourlyUSD: price.totalUSD / Double(resources.hours),
            token: ["hardware_id": machine.id, "location_ids": .array(machine.places.map(\.id))])
    }

    private typealias Place = (id: JSONValue, title: String)

    private func machine(
        for resources: IonetResources
    ) async throws(DeploymentError) -> (id: JSONValue, name: String, places: [Place]) {
        let given = resources.locationIDs.map { Place(id: $0, title: $0.identifierText) }
        if let id = resources.hardwareID {
            let name = resources.gpu ?? id.identifierText
            if !given.isEmpty { return (id, name, given) }
            guard let place = try await place(for: resources, hardware: id) else {
                throw unavailable(name, resources, try await locations(hardware: id, gpus: resources.gpus))
            }
            return (id, name, [place])
        }
        let candidates = try Self.candidates(for: resources, in: try await hardware())
        if !given.isEmpty { return (candidates[0].id, candidates[0].name, given) }
        for candidate in candidates {
            guard let place = try await place(for: resources, hardware: candidate.id) else { continue }
            return (candidate.id, candidate.name, [place])
        }
        throw unavailable(
            candidates[0].name, resources,
            try await locations(hardware: candidates[0].id, gpus: resources.gpus))
    }

    /// Returns the first location in the manifest's order that has a free machine; one is enough for one container.
    private func place(
        for resources: IonetResources, hardware: JSONValue
    ) async throws(DeploymentError) -> Place? {
        let free = try await locations(hardware: hardware, gpus: resources.gpus).filter { $0.available > 0 }
        guard !resources.locations.isEmpty else { return free.first.map { ($0.id, $0.title) } }
        for wanted in resources.locations {
            if let place = free.first(where: { $0.isMeant(by: wanted) }) { return (place.id, place.title) }
        }
        return nil
    }

    /// Returns the hardware that the manifest names; several entries only where they have the same name.
    static func candidates(
        for resources: IonetResources, in catalogue: [IonetHardware]
    ) throws(DeploymentError) -> [IonetHardware] {
        let wanted = resources.gpu ?? ""
        let action = "rent \(wanted)"
        let best = catalogue.map { $0.fit(wanted) }.max() ?? 0
        let fitting = catalogue.filter { best > 0 && $0.fit(wanted) == best }
        let names = Set(fitting.map(\.name)).sorted()
        guard let first = names.first else {
            let all = Set(catalogue.map(\.name)).sorted().joined(separator: ", ")
            throw DeploymentError(
                .unsuitable, action, all.isEmpty ? "io.net offers no hardware now" : "io.net offers \(all)")
        }
        guard names.count == 1 else {
            throw DeploymentError(
                .unsuitable, action, "it may mean \(names.joined(separator: " or ")); write one of them as gpu")
        }
        let large = fitting.filter { ($0.mostGPUs ?? .max) >= resources.gpus }
        guard !large.isEmpty else {
            let most = fitting.compactMap(\.mostGPUs).max() ?? 0
            throw DeploymentError(
                .unsuitable, action, "\(first) has at most \(most) GPUs in a container, and \(resources.gpus) are asked"
            )
        }
        return Array(large.prefix(8))
    }

    private func unavailable(
        _ name: String, _ resources: IonetResources, _ places: [IonetLocation]
    ) -> DeploymentError {
        let free = places.filter { $0.available > 0 }.map(\.title).joined(separator: ", ")
        let wanted = resources.locations.isEmpty ? "" : " in \(resources.locations.joined(separator: ", "))"
        return DeploymentError(
            .unsuitable, "rent \(resources.gpus) \(name)\(wanted)",
            free.isEmpty ? "none is free anywhere now" : "there is room in \(free) only; change 'locations'")
    }
}
