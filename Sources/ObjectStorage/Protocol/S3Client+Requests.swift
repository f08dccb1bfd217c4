import HTTP
import Hashing

/// Requests and their retries.
extension S3Client {
    /// A server that waits for another part may end the waiting request by itself, possibly after this many seconds.
    private static let leastBlockedSeconds = 20.0

    /// Sends a call until it succeeds, is refused for good, or the policy's attempts are used up.
    func perform(_ call: S3Call, limit: Int = 16 << 20, sink: (any HTTPBodySink)? = nil) async throws(StorageError)
        -> HTTPResponse
    {
        let name = S3Call.shortName(call.key)
        let step = call.step ?? TransferWatch.begin(call.isJoining ? name : "\(call.method) \(name)", call.phase)
        var isThrough = false
        defer { if call.step == nil { step?.end(wentWell: isThrough) } }
        let answer = try await repeated(call, step, limit: limit, sink: sink)
        isThrough = true
        return answer
    }

    /// Returns the XML document that answers a call.
    ///
    /// Repeats the call where the answer is not XML, as after damage in transit.
    func document(_ call: S3Call, doing action: String? = nil) async throws(StorageError) -> XMLElement {
        var attempt = 0
        while true {
            let body = try await perform(call).body
            do throws(XMLError) { return try XMLElement(body) } catch {
                guard attempt + 1 < min(3, policy.attempts) else {
                    throw StorageError(.other, action ?? call.action, error.description)
                }
            }
            try await pause(policy.wait(after: attempt), call.action)
            attempt += 1
        }
    }

    private func repeated(
        _ call: S3Call, _ step: TransferStep?, limit: Int, sink: (any HTTPBodySink)?
    ) async throws(StorageError) -> HTTPResponse {
        try credentials.check(for: location, doing: call.action)
        var attempt = 0
        var isResigned = false
        while true {
            var failure: StorageError
            var isTransient: Bool
            var headers: HTTPHeaders?
            var said: String
            let began = ContinuousClock.now
            let outcome = try await attemptOnce(call, step, limit: limit, sink: sink)
            switch outcome {
            case .success(let answer):
                learnClock(answer)
                if answer.isSuccess { return answer }
                if [429, 503].contains(answer.status) { window.narrow() }
                failure = StorageError(
                    answer, to: call, at: location, clockOffset: clockOffset,
                    hiding: credentials)
                if !isResigned, adoptsClock(answer) {
                    isResigned = true
                    continue
                }
                headers = answer.headers
                isTransient =
                    S3Refusal(failure.s3Code, status: answer.status, isObject: !call.key.isEmpty).reaction == .retry
                said = "the server said \(answer.status)\(failure.s3Code.map { " \($0)" } ?? "")"
            case .failure(let error):
                failure = StorageError(error, doing: call.action, at: location)
                isTransient = error.isTransient
                said = error.code == .stalled ? "it stalled" : error.reason
            }
            guard isTransient else { throw failure }
            // A server that waits for a lower part has not failed this part: it is sent again once the lower part is
            // finished.
            let isBlocked = Self.isBlocked(outcome, after: ContinuousClock.now - began)
            if isBlocked, let turn = call.move?.turn, turn.order.hold(turn.part) {
                try call.beforeRetry?()
                continue
            }
            if case .failure(let error) = outcome, error.code == .stalled { window.narrow() }
            guard attempt + 1 < policy.attempts else { throw failure }
            try call.beforeRetry?()
            attempt += 1
            let seconds = policy.wait(after: attempt - 1, headers: headers)
            step?.enter(
                .pausing(
                    until: .now + .seconds(seconds), because: "\(said), try \(attempt) of \(policy.attempts)"))
            try await pause(seconds, call.action)
        }
    }

    /// Returns true where a server may have stopped reading or sending a part because it waits for another.
    private static func isBlocked(_ outcome: Result<HTTPResponse, HTTPError>, after time: Duration) -> Bool {
        switch outcome {
        case .failure(let error):
            error.code == .stalled || (error.code == .interrupted && time.inSeconds >= leastBlockedSeconds)
        case .success(let answer): answer.status == 408
        }
    }

    /// Makes one attempt; a call that moves a part waits for its turn first and gives it up once there is an answer.
    private func attemptOnce(
        _ call: S3Call, _ step: TransferStep?, limit: Int, sink: (any HTTPBodySink)?
    ) async throws(StorageError) -> Result<HTTPResponse, HTTPError> {
        guard let move = call.move else {
            step?.enter(call.phase)
            return await send(call, step, limit: limit, sink: sink)
        }
        step?.enter(.waiting)
        return try await window.run(call.action, as: move.turn) { () async throws(StorageError) in
            move.onEnter()
            step?.enter(call.phase)
            let outcome = await send(call, step, limit: limit, sink: sink)
            let isThrough = (try? outcome.get())?.isSuccess == true || move.isComplete()
            return (outcome, moved: isThrough ? move.length : 0)
        }
    }

    private func send(
        _ call: S3Call, _ step: TransferStep?, limit: Int, sink: (any HTTPBodySink)?
    ) async -> Result<HTTPResponse, HTTPError> {
        var request = HTTPRequest(
            call.method, location.url(key: call.key, query: PercentEncoding.query(call.query)), headers: call.headers,
            body: call.body)
        request.followsRedirects = false
        request.stallSeconds = max(options.stallSeconds, call.leastStallSeconds)
        if call.onUpload != nil || step != nil {
            request.onUpload = { [onUpload = call.onUpload] bytes in
                onUpload?(bytes)
                step?.move(bytes)
            }
        }
        signer.sign(&request, bodyHash: call.bodyHash, at: now)
        do throws(HTTPError) {
            if let sink { return .success(try await client.send(request, to: sink)) }
            return .success(try await client.send(request, limit: limit))
        } catch { return .failure(error) }
    }
}
