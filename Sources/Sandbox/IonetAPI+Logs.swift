import JSON

/// The operation that streams a container's log as server-sent events.
extension IonetAPI {
    func log(_ request: APIRequest, _ id: String, _ container: String) async throws(ValidationFailure) -> APIAnswer {
        var query = QueryReader(request.query)
        let stream = query.choice("stream", ["stdout", "stderr"])
        let name = try query.finish(stream) ?? "stdout"
        guard let record = await deployments.record(id), record.containers.contains(where: { $0.id == container })
        else { return .notFound }
        let follower = ContainerLogFollower(path: deployments.log(id, container, name)) {
            await deployments.record(id)?.containers.first { $0.id == container }?.isFinal ?? true
        }
        return APIAnswer(status: 200, content: .events { sink in try await follower.follow(to: sink) })
    }
}
