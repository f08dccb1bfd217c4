import JSON

/// The operations for deployments, except for their logs.
extension IonetAPI {
    func nameAvailability(_ request: APIRequest) async throws(ValidationFailure) -> APIAnswer {
        var query = QueryReader(request.query)
        let name = query.text("cluster_name")
        return .ok(.bool(await !deployments.hasName(try query.finish(name))))
    }

    func deploy(_ request: APIRequest) async throws(ValidationFailure) -> APIAnswer {
        let wanted = try DeployRequest(body: request.body, catalogue)
        do {
            guard let record = try await deployments.add(wanted) else {
                let place: [JSONValue] = ["body", "resource_private_name"]
                return .unprocessable([ValidationIssue(place, "Value error, the name is taken", "value_error")])
            }
            return .ok(["status": .string(record.status.rawValue), "deployment_id": .string(record.id)])
        } catch { return .error(500, "\(error)") }
    }

    func list(_ request: APIRequest) async throws(ValidationFailure) -> APIAnswer {
        let statuses = DeploymentRecord.Status.allCases.map(\.rawValue)
        var query = QueryReader(request.query)
        let status = query.choice("status", statuses)
        let page = query.whole("page", 0...Int.max, default: 0)
        let size = query.whole("page_size", 1...100, default: 10)
        let wanted = try query.finish((status, page, size))
        let all = await deployments.all().filter { wanted.0 == nil || $0.status.rawValue == wanted.0 }
        let (start, overflow) = wanted.1.multipliedReportingOverflow(by: wanted.2)
        let rows = overflow ? [] : all.dropFirst(start).prefix(wanted.2).map { $0.row(catalogue) }
        return .data([
            "deployments": .array(rows), "total": .integer(all.count),
            "statuses": .array(statuses.map(JSONValue.string)),
        ])
    }

    func details(_ id: String) async -> APIAnswer {
        await deployments.record(id).map { .data($0.details(catalogue)) } ?? .notFound
    }

    func containers(_ id: String) async -> APIAnswer {
        await deployments.record(id).map { .data($0.workers(catalogue)) } ?? .notFound
    }

    func container(_ id: String, _ container: String) async -> APIAnswer {
        guard let record = await deployments.record(id),
            let found = record.containers.first(where: { $0.id == container })
        else { return .notFound }
        return .ok(record.worker(found, catalogue))
    }

    func jobs(_ id: String, _ container: String) async -> APIAnswer {
        guard let record = await deployments.record(id),
            let found = record.containers.first(where: { $0.id == container })
        else { return .notFound }
        return .data(["total": 1, "workers": .array([record.worker(found, catalogue)])])
    }

    func destroy(_ id: String) async -> APIAnswer {
        do {
            guard let record = try await deployments.requestTermination(id) else { return .notFound }
            return .ok(["status": .string(record.status.rawValue), "deployment_id": .string(record.id)])
        } catch { return .error(500, "\(error)") }
    }
}
