import JSON

/// The operations for hardware, locations and prices.
extension IonetAPI {
    func maximumGPUs() -> APIAnswer {
        let rows = catalogue.hardware.map { row in
            [
                "max_gpus_per_container": .integer(row.maximumPerContainer),
                "available": .integer(HardwareCatalogue.replicas), "hardware_id": .integer(row.id),
                "hardware_name": .string(row.name), "brand_name": .string(row.brand),
            ] as JSONValue
        }
        return .data(["hardware": .array(rows), "total": .integer(rows.count)])
    }

    func hardware() -> APIAnswer {
        let rows = catalogue.hardware.map { row in
            [
                "hardware_id": .integer(row.id), "hardware_name": .string(row.name),
                "brand_name": .string(row.brand), "available": .integer(HardwareCatalogue.replicas), "price": 0,
                "max_gpus_per_container": .integer(row.maximumPerContainer), "location": "US",
            ] as JSONValue
        }
        return .data(["hardware": .array(rows), "total": .integer(rows.count)])
    }

    func publicHardware() -> APIAnswer {
        let rows = catalogue.hardware.map { row in
            [
                "id": .integer(row.id), "name": .string(row.name), "brand_name": .string(row.brand),
                "num_cards": .integer(row.maximumPerContainer),
                "available_replicas": .integer(HardwareCatalogue.replicas), "sold_out": false, "price": 0,
                "location": "US", "vram_per_card": .integer(row.memoryGiB),
            ] as JSONValue
        }
        return .data(["hardware": .array(rows)])
    }

    func locations() -> APIAnswer {
        let rows = catalogue.locations.map { place -> JSONValue in
            var row = place.json
            row["available"] = .integer(place.free)
            return row
        }
        return .data(["locations": .array(rows), "total": .integer(rows.count)])
    }

    func availableReplicas(_ request: APIRequest) throws(ValidationFailure) -> APIAnswer {
        var query = QueryReader(request.query)
        let id = query.text("hardware_id")
        let quantity = query.whole("hardware_qty", 1...Int.max)
        let (hardware, wanted) = try query.finish((id, quantity))
        guard let row = catalogue.hardware(.string(hardware)) else { return .error(404, "Hardware not found") }
        let rows = catalogue.locations.map { place -> JSONValue in
            var json = place.json
            json["available_replicas"] = .integer(wanted <= row.maximumPerContainer ? place.free : 0)
            return json
        }
        return .data(.array(rows))
    }

    func price(_ request: APIRequest) throws(ValidationFailure) -> APIAnswer {
        var query = QueryReader(request.query)
        let id = query.text("hardware_id")
        let places = query.text("location_ids")
        let hours = query.whole("duration_hours", 1...Int.max)
        let gpus = query.whole("gpus_per_container", 1...Int.max)
        let replicas = query.whole("replica_count", 1...Int.max)
        let values = try query.finish((id, places, gpus, replicas, hours))
        guard catalogue.hardware(.string(values.0)) != nil else { return .error(404, "Hardware not found") }
        // The specification defines a string with a JSON array; a client that works with io.net sends a bare country.
        let ids = (try? JSONValue(parsing: Array(values.1.utf8)))?.array ?? [.string(values.1)]
        guard ids.allSatisfy({ catalogue.location($0) != nil }) else {
            return .error(404, "Location not found")
        }
        return .data([
            "replica_count": .integer(values.3), "gpus_per_container": .integer(values.2),
            "available_replica_count": .array(ids.map { .integer(catalogue.location($0)?.free ?? 0) }),
            "discount": 0, "ionet_fee": 0, "ionet_fee_percent": 0, "currency_conversion_fee": 0,
            "currency_conversion_fee_percent": 0,
            "total_cost_usdc": .double(catalogue.priceUSD(values.2 * values.3, values.4)),
        ])
    }
}
