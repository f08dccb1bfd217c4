package import JSON

/// What can be rented, where and for how much: nothing here changes anything.
extension IonetClient {
    /// Every kind of hardware with the most GPUs that a container may have.
    package func hardware() async throws(DeploymentError) -> [IonetHardware] {
        let answer = try await get("/hardware/max-gpus-per-container", to: "list io.net's hardware")
        return answer.objects(having: "hardware_id").compactMap(IonetHardware.init)
    }

    /// Where containers with so many GPUs can start, and how many.
    package func locations(hardware: JSONValue, gpus: Int) async throws(DeploymentError) -> [IonetLocation] {
        let query = [("hardware_id", hardware.identifierText), ("hardware_qty", String(gpus))]
        let answer = try await get("/available-replicas", query, to: "list the places of \(hardware.identifierText)")
        let rows = answer.objects(having: "available_replicas")
        return rows.compactMap(IonetLocation.init)
    }

    /// What a container costs.
    package func price(
        hardware: JSONValue, locations: [JSONValue], gpus: Int, hours: Int
    ) async throws(DeploymentError) -> IonetPrice {
        let action = "ask for the price"
        let answer = try await get(
            "/price",
            [
                // A text that holds a JSON array: the specification has it so.
                ("location_ids", JSONValue.array(locations).text), ("hardware_id", hardware.identifierText),
                ("duration_hours", String(hours)), ("gpus_per_container", String(gpus)), ("replica_count", "1"),
            ], to: action)
        guard let price = IonetPrice(json: answer.unwrapped) else {
            throw DeploymentError(.unexpectedAnswer, action, "the answer has no total_cost_usdc")
        }
        return price
    }

    /// False where another deployment has the name.
    package func isFree(name: String) async throws(DeploymentError) -> Bool {
        let answer: JSONValue
        do throws(DeploymentError) {
            answer = try await get(
                "/clusters/check_cluster_name_availability", [("cluster_name", name)], to: "ask whether \(name) is free"
            )
        } catch {
            // The operation is in clients but not in the documents; the name ends in a random number anyway.
            if error.code == .notFound { return true }
            throw error
        }
        return answer.unwrapped.bool ?? answer.unwrapped["available"]?.bool ?? true
    }
}
