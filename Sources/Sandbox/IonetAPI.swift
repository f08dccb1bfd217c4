import JSON
import Secrets

/// The operations of io.net's API that are documented, and no others.
///
/// Sources: <https://io.net/docs/reference/caas/> and its open clients.
struct IonetAPI: Sendable {
    let apiKey: Secret
    let deployments: DeploymentTable
    var catalogue = HardwareCatalogue.sandbox

    private static let base = ["v1", "io-cloud", "caas"]

    /// Answers a request; an unknown path gets 404.
    func answer(_ request: APIRequest) async -> APIAnswer {
        if request.path.starts(with: Self.base) {
            return publicAnswer(request, Array(request.path.dropFirst(Self.base.count)))
        }
        guard request.path.first == "enterprise", request.path.dropFirst().starts(with: Self.base) else {
            return .notFound
        }
        guard let key = request.apiKey else { return .error(401, "x-api-key header is missing") }
        guard key == apiKey.unredacted else { return .error(401, "Invalid API key") }
        do throws(ValidationFailure) {
            return try await enterpriseAnswer(request, Array(request.path.dropFirst(Self.base.count + 1)))
        } catch { return .unprocessable(error.issues) }
    }

    /// Answers the operations that need no API key.
    private func publicAnswer(_ request: APIRequest, _ path: [String]) -> APIAnswer {
        switch (request.method, path) {
        case ("GET", ["hardware"]): publicHardware()
        case ("GET", ["locations"]): locations()
        default: .notFound
        }
    }

    private func enterpriseAnswer(
        _ request: APIRequest, _ path: [String]
    ) async throws(ValidationFailure) -> APIAnswer {
        switch (request.method, path.first, path.count) {
        case ("GET", "hardware", 1): return hardware()
        case ("GET", "hardware", 2) where path[1] == "max-gpus-per-container": return maximumGPUs()
        case ("GET", "locations", 1): return locations()
        case ("GET", "available-replicas", 1): return try availableReplicas(request)
        case ("GET", "price", 1): return try price(request)
        case ("GET", "clusters", 2) where path[1] == "check_cluster_name_availability":
            return try await nameAvailability(request)
        case ("POST", "deploy", 1): return try await deploy(request)
        case ("GET", "deployments", 1): return try await list(request)
        case ("GET", "deployment", 2): return await details(path[1])
        case ("DELETE", "deployment", 2): return await destroy(path[1])
        case ("GET", "deployment", 3) where path[2] == "containers": return await containers(path[1])
        case ("GET", "deployment", 4) where path[2] == "container": return await container(path[1], path[3])
        case ("GET", "deployment", 4) where path[2] == "containers-jobs": return await jobs(path[1], path[3])
        case ("GET", "deployment", 4) where path[2] == "log": return try await log(request, path[1], path[3])
        case (_, "deploy", 1), (_, "deployments", 1), (_, "deployment", 2): return .error(405, "Method Not Allowed")
        default: return .notFound
        }
    }
}

/// All errors in one request.
struct ValidationFailure: Error {
    let issues: [ValidationIssue]
}
