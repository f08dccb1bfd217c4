package import JSON

/// Read-only operations: hardware, locations, prices and names.
extension IonetClient {
    /// Returns every kind of hardware with the maximum number of GPUs in one container.
    package func hardware() async throws(DeploymentError) -> [IonetHardware] {
        let answer = try await get("/hardware/max-gpus-per-container", to: "list io.net's hardware")
        return answer.objects(having: "hardware_id").compactMap(IonetHardware.init)
    }

    /// Returns the locations for containers with this number of GPUs, and how many of them can start at each.
    package func locations(hardware: JSONValue, gpus: Int) async throws(DeploymentError) -> [IonetLocation] {
        let query = [("hardware_id", hardware.identifierText), ("hardware_qty", String(gpus))]
        let answer = try await get("/available-replicas", query, to: "list the places of \(hardware.identifierText)")
        let rows = answer.objects(having: "available_replicas")
        return rows.compactMap(IonetLocation.init)
    }

    /// Returns the price of a deployment.
    package func price(
        hardware: JSONValue, locations: [JSONValue], gpus: Int, hours: Int
    ) async throws(DeploymentError) -> IonetPrice {
        let action = "ask for the price"
        let answer = try await get(
            "/price",
            [
                // The specification defines this parameter as a string that holds a JSON array.
                ("location_ids", JSONValue.array(locations).text), ("hardware_id", hardware.identifierText),
                ("duration_hours", String(hours)), ("gpus_per_container", String(gpus)), ("replica_count", "1"),
            ], to: action)
        guard let price = IonetPrice(json: answer.unwrapped) else {
            throw DeploymentError(.unexpectedAnswer, action, "the answer has no total_cost_usdc")
        }
        return price
    }

    /// Returns false where another deployment has the name.
    package func isFree(name: String) async throws(DeploymentError) -> Bool {
        let answer: JSONValue
        do throws(DeploymentError) {
            answer = try await get(
                "/clusters/check_cluster_name_availability", [("cluster_name", name)], to: "ask whether \(name) is free"
            )
        } catch {
            // Clients use this operation, but the documentation lacks it; the name ends in a random number anyway.
            if error.code == .notFound { return true }
            throw error
        }
        return answer.unwrapped.bool ?? answer.unwrapped["available"]?.bool ?? true
    }
}
