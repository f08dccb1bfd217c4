package import JSON

/// Deployments: asking for one, looking at it, ending it.
extension IonetClient {
    /// Asks for a deployment, once; its id is nil where the answer does not say it.
    ///
    /// The error's code is `lostAnswer` where the deployment may exist all the same: look for it by its name.
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

    /// Every deployment, or those of one status.
    ///
    /// Documents count pages from 0 and the vendor's own client from 1: the first is asked for without a number, and one
    /// that comes twice is counted once. A row that cannot be read is an error: it may be a machine that costs money.
    package func deployments(status: String? = nil) async throws(DeploymentError) -> [IonetDeployment] {
        let action = "list io.net's deployments"
        var found: [IonetDeployment] = []
        // A list that never ends is a server's mistake.
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
            // Page 1 is the first one again where pages count from 1, or where a server ignores the number.
            guard rows.count >= 100, !new.isEmpty || page == 1 else { return found }
        }
        throw DeploymentError(.unexpectedAnswer, action, "the list has no end")
    }

    /// One deployment, nil where there is none of this id.
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

    /// The containers of a deployment, none where it is not known.
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

    /// Asks for the end of a deployment; 200 means that it was asked, not that it is done.
    ///
    /// A deployment that is not there any more is no error, so that a lost answer may be followed by a second call.
    package func destroy(_ id: JSONValue) async throws(DeploymentError) {
        do throws(DeploymentError) {
            _ = try await send("DELETE", path(id), to: "destroy deployment \(id.identifierText)")
        } catch {
            if error.code != .notFound { throw error }
        }
    }

    func path(_ id: JSONValue) -> String { "/deployment/\(Self.encoded(id.identifierText))" }
}
