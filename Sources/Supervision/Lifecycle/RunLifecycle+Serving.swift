import ByteText
import CLinux
import HTTP
import RunContract
import SystemPackage

extension RunLifecycle {
    /// Runs the model server behind the relay until the container is asked to stop.
    func serve(_ session: RunContext) async throws(SupervisionError) {
        guard let server = session.program.serve else { return }
        runState.enter(.serve)
        defer { relay.close() }
        try await session.gpuMemory?.wait(before: "the model server")
        var restarts = ServerRestarts()
        while true {
            let started = ContinuousClock.now
            let life = try await serveOnce(server, session)
            if supervisor.termination != nil { throw .stopped }
            relay.wait(retryAfter: 5)
            runState.note { $0.isServing = false }
            let seconds = (ContinuousClock.now - started).seconds
            if let reason = restarts.refusal(after: life.status, wasReady: life.wasReady, seconds: seconds) {
                let words = life.words.isEmpty ? "" : ": \(life.words)"
                throw SupervisionError(status: max(1, life.status.code), "the model server \(reason)\(words)")
            }
            log.say("the model server ended with \(life.status) and is started again")
            do { try await Task.sleep(for: .seconds(restarts.pause)) } catch { throw .stopped }
        }
    }

    private func serveOnce(
        _ server: Program.Serve, _ session: RunContext
    ) async throws(SupervisionError) -> (status: ExitStatus, wasReady: Bool, words: String) {
        let port = try await RelayGate.freePort()
        let command = try command(server, session, port: port)
        log.say("serve: \(command.arguments.joined(separator: " "))")
        let child = try await supervisor.start(command)
        let last = LastOutput()
        let output = ChildOutput(of: child, receive: log.stream(of: "serve") { last.add($0) })
        let ready = server.ready
        let probing = Task { [self] in await openWhenReady(port: port, path: ready) }
        let status = await child.wait()
        probing.cancel()
        let wasReady = await probing.value
        // A remaining engine process of the server would keep the GPU from the next one.
        supervisor.endStage(child, SIGKILL)
        await output.finish(within: .milliseconds(500))
        return (status, wasReady, last.text)
    }

    /// Returns the server's command with its variables expanded.
    func command(_ server: Program.Serve, _ session: RunContext, port: Int) throws(SupervisionError) -> ChildCommand {
        var stages = session.stages
        stages.provided["SERVE_PORT"] = String(port)
        stages.provided["STAGE"] = "serve"
        let variables = try stages.programVariables()
        var arguments: [String] = []
        for text in server.run { arguments.append(try StageEnvironment.expand(text) { variables[$0] }) }
        return ChildCommand(
            arguments, environment: stages.process(variables), workdir: try workdir(session.program, variables))
    }

    /// Polls the server until it answers 2xx, then opens the relay; returns true if it did.
    private func openWhenReady(port: Int, path: String) async -> Bool {
        let client = HTTPClient()
        while !Task.isCancelled {
            if await Self.answers(client, port: port, path: path) {
                // Health checks without a configured path request `/`, which must continue to answer 200.
                let hasRoot = await Self.answers(client, port: port, path: "/")
                guard !Task.isCancelled else { return true }
                relay.open(port: port, hasRoot: hasRoot)
                runState.note { $0.isServing = true }
                log.say("the model answers")
                return true
            }
            try? await Task.sleep(for: .milliseconds(300))
        }
        return false
    }

    private static func answers(_ client: HTTPClient, port: Int, path: String) async -> Bool {
        let target = path.hasPrefix(bytes: "/") ? path : "/" + path
        var request = HTTPRequest("GET", HTTPURL(scheme: "http", host: "127.0.0.1", port: port, target: target))
        request.followsRedirects = false
        request.stallSeconds = 10
        guard let answer = try? await client.send(request, limit: 1 << 20) else { return false }
        return (200..<300).contains(answer.status)
    }
}
