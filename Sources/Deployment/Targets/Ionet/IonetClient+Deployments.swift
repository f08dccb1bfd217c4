import Hashing
package import JSON

/// Operations that create, read and destroy deployments.
extension IonetClient {
    /// Requests a deployment exactly once; returns its id, nil where the answer has none.
    ///
    /// Throws the code `lostAnswer` where the deployment may exist nevertheless: look for it by its name.
    package func deploy(_ request: IonetRequest) async throws(DeploymentError) -> JSONValue? {
        let action = "deploy \(request.name)"
        let answer = try await send("POST", "/deploy", body: request.json(revealing: true), to: action)
        let inner = answer.unwrapped
        if inner.word("status")?.lowercased() == "payment_required" {
            throw DeploymentError(.refused, action, "io.net wants a payment first: there are not enough credits")
        }
        return answer.identifier("deployment_id", "cluster_id", "id")
            ?? inner.identifier("deployment_id", "cluster_id", "id")
    }

    /// Returns all deployments, or those with one status.
    ///
    /// The documentation counts pages from 0, the vendor's own client from 1. So the first request has no page number,
    /// and a deployment that is listed twice is counted once. A row that cannot be read is an error: it may be a
    /// machine that costs money.
    package func deployments(status: String? = nil) async throws(DeploymentError) -> [IonetDeployment] {
        let action = "list io.net's deployments"
        var found: [IonetDeployment] = []
        // Only a faulty server lists more than 50 pages.
        for page in 0..<50 {
            var query = [("page_size", "100")]
            if page > 0 { query.append(("page", String(page))) }
            if let status { query.append(("status", status)) }
            let answer = try await get("/deployments", query, to: action).unwrapped
            guard let rows = answer["deployments"]?.array ?? answer.array else {
                throw DeploymentError(.unexpectedAnswer, action, "the answer holds no list of deployments")
            }
            let known = Set(found.map(\.id))
            var new: [IonetDeployment] = []
            for row in rows {
                guard let deployment = IonetDeployment(json: row) else {
                    throw DeploymentError(.unexpectedAnswer, action, "a deployment in the list has no id")
                }
                if !known.contains(deployment.id) { new.append(deployment) }
            }
            found += new
            // Page 1 equals the first page where pages count from 1, or where a server ignores the number.
            guard rows.count >= 100, !new.isEmpty || page == 1 else { return found }
        }
        throw DeploymentError(.unexpectedAnswer, action, "the list has no end")
    }

    /// Returns one deployment, nil where the API does not have this id.
    package func deployment(_ id: JSONValue) async throws(DeploymentError) -> IonetDeployment? {
        let action = "ask for deployment \(id.identifierText)"
        do throws(DeploymentError) {
            let answer = try await get(path(id), to: action).unwrapped
            guard let deployment = IonetDeployment(json: answer) else {
                throw DeploymentError(.unexpectedAnswer, action, "the answer has no id")
            }
            return deployment
        } catch {
            if error.code == .notFound { return nil }
            throw error
        }
    }

    /// Returns the containers of a deployment; empty where the API does not have the deployment.
    package func containers(of id: JSONValue) async throws(DeploymentError) -> [IonetContainer] {
        do throws(DeploymentError) {
            let answer = try await get(
                path(id) + "/containers", to: "ask for the containers of \(id.identifierText)"
            ).unwrapped
            let rows = answer["workers"]?.array ?? answer["containers"]?.array ?? answer.array
            return (rows ?? answer.objects(having: "container_id")).compactMap(IonetContainer.init)
        } catch {
            if error.code == .notFound { return [] }
            throw error
        }
    }

    /// Requests the end of a deployment.
    ///
    /// Status 200 means that the request was accepted, not that the deployment has ended.
    ///
    /// A missing deployment is no error, so that the call may be repeated after a lost answer.
    package func destroy(_ id: JSONValue) async throws(DeploymentError) {
        do throws(DeploymentError) {
            _ = try await send("DELETE", path(id), to: "destroy deployment \(id.identifierText)")
        } catch {
            if error.code != .notFound { throw error }
        }
    }

    func path(_ id: JSONValue) -> String {
        "/deployment/\(PercentEncoding.encode(id.identifierText, keepingSlash: false))"
    }
}
