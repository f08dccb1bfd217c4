import HTTP
import OCI
import TestSupport
import Timestamps

/// Deviations of real registries, each with the registry's name, and faults of networks.
extension Habit {
    typealias Choice = @Sendable (ReceivedRequest) -> Bool

    static func method(_ method: String, _ fragment: String = "/") -> Choice {
        { $0.method == method && $0.target.contains(fragment) }
    }

    static let isUpload: Choice = { StrictRegistry.isUpload($0) }
    /// Matches the request that closes an upload or sends the whole blob.
    static let isClosing: Choice = method("PUT", "/blobs/uploads/")

    /// docker-registry puts the state of an upload into the Location; a request without the unchanged state gets a 404.
    static let statefulLocation = Habit(
        before: { request in
            guard request.path.contains("/blobs/uploads/session") else { return nil }
            return request.target.contains("?_state=a%2Fb==") ? nil : .refusal(404, "BLOB_UPLOAD_INVALID")
        },
        after: { _, reply in
            reply.with { status, fields in
                guard [202, 204].contains(status), let place = fields["Location"] else { return }
                fields["Location"] = place + "?_state=a%2Fb=="
            }
        })

    /// Sends the Location as a whole URL, or relative to the path of the request.
    static func location(isRelative: Bool) -> Habit {
        Habit(after: { request, reply in
            reply.with { _, fields in
                guard let place = fields["Location"], place.contains("/session") else { return }
                let name = String(place.split(separator: "/").last ?? "")
                fields["Location"] = isRelative ? name : "http://\(request.headers["Host"] ?? "")\(place)"
            }
        })
    }

    /// Redirects uploads to another host, which rejects an Authorization field.
    static func uploads(to storage: LoopbackServer) -> Habit {
        Habit(after: { _, reply in
            reply.with { status, fields in
                guard [202, 204].contains(status), let place = fields["Location"] else { return }
                fields["Location"] = storage.url(place).text
            }
        })
    }

    /// Redirects all writes to another host, which rejects an Authorization field.
    static func writing(at storage: LoopbackServer, _ status: Int) -> Habit {
        Habit(before: { request in
            guard ["POST", "PUT", "PATCH"].contains(request.method) else { return nil }
            return .answer(status, ["Location": storage.url(request.target).text])
        })
    }

    /// Redirects blob downloads to a storage that rejects an Authorization field, as Docker Hub does.
    static func blobs(from storage: LoopbackServer) -> Habit {
        Habit(before: { request in
            guard request.method == "GET", request.path.contains("/blobs/sha256") else { return nil }
            return .answer(307, ["Location": storage.url(request.target + "?X-Amz-Signature=x").text])
        })
    }

    /// Redirects every blob request to a storage URL that is signed for GET only.
    static func blobs(signedForGETAt storage: LoopbackServer) -> Habit {
        Habit(before: { request in
            guard ["HEAD", "GET"].contains(request.method), request.path.contains("/blobs/sha256") else { return nil }
            return .answer(307, ["Location": storage.url(request.target + "?X-Amz-SignedMethod=GET").text])
        })
    }

    /// A proxy that rejects longer bodies, with an HTML page.
    static func longestBody(_ limit: Int) -> Habit {
        Habit(interrupt: { request in
            request.body.count > limit
                ? .answer(
                    413, ["Content-Type": "text/html"],
                    text: "<html><head><title>413 Request Entity Too Large</title></head><hr>cloudflare</html>") : nil
        })
    }

    /// ECR answers a part with 201, and its Range does not grow.
    ///
    /// <https://github.com/aws/containers-roadmap/issues/2831>
    static let ecr = Habit(after: { request, reply in
        guard request.method == "PATCH", case .answer(202, var fields, let body) = reply else { return reply }
        if request.headers["Content-Range"]?.hasPrefix("0-") == false { fields["Range"] = "0-399999" }
        return .answer(201, fields, body: body)
    })

    /// GHCR rejects longer parts, and cancelling.
    ///
    /// <https://github.com/oras-project/rust-oci-client/issues/37>
    static func ghcr(_ limit: Int) -> Habit {
        Habit(before: { request in
            if request.method == "DELETE" { return .answer(405) }
            guard request.headers["Content-Range"] != nil, request.body.count > limit else { return nil }
            return .answer(416, text: "exceeds the maximum permissible limit of 4.00MiB")
        })
    }

    /// Google's registry rejects parts.
    ///
    /// <https://github.com/dotnet/sdk-container-builds/issues/287>
    static let artifactRegistry = Habit(before: { $0.method == "PATCH" ? .refusal(405, "UNSUPPORTED") : nil })

    /// A registry that states its minimum in OCI-Chunk-Min-Length.
    static func leastPart(_ least: Int) -> Habit {
        // The last part may be shorter. Whether a part was the last only shows when no other follows.
        let ended = Shared<Set<String>>([])
        return Habit(
            before: { request in
                guard request.method == "PATCH" else { return nil }
                let isOver = ended.withLock { ended in
                    if ended.contains(request.path) { return true }
                    if request.body.count < least { ended.insert(request.path) }
                    return false
                }
                return isOver ? .refusal(416, "BLOB_UPLOAD_INVALID") : nil
            },
            after: { request, reply in
                guard request.method == "POST" else { return reply }
                return reply.with { $1.add("OCI-Chunk-Min-Length", "\(least)") }
            })
    }

    /// Quay rejects a mount without `from`.
    ///
    /// <https://github.com/GoogleContainerTools/jib/issues/703>
    static let quay = Habit(before: { request in
        request.target.contains("mount=") && !request.target.contains("from=") ? .answer(400) : nil
    })

    /// Answers the first requests of a kind with `reply`.
    static func first(_ count: Int, _ choice: @escaping Choice, _ reply: ServerReply) -> Habit {
        let seen = Shared(0)
        return Habit(before: { choice($0) && seen.next() <= count ? reply : nil })
    }

    /// Answers every request of a kind with `reply`.
    static func always(_ choice: @escaping Choice, _ reply: ServerReply) -> Habit {
        Habit(before: { choice($0) ? reply : nil })
    }

    /// Resets the connection after this many bytes of a body, the first `times` times.
    static func reset(
        _ choice: @escaping Choice, after bytes: Int, times: Int = 1, isKept: Bool = false
    ) -> Habit {
        let seen = Shared(0)
        return Habit(
            interrupt: { choice($0) && $0.body.count >= bytes && seen.next() <= times ? .close : nil },
            keepsInterrupted: isKept)
    }

    /// Accepts parts after the first and discards them.
    ///
    /// <https://github.com/openai/tart/issues/273>
    static let dropsParts = Habit(before: { request in
        guard request.method == "PATCH", let range = request.headers["Content-Range"], !range.hasPrefix("0-") else {
            return nil
        }
        return .answer(202, ["Location": request.target, "Range": "0-399999"])
    })

    /// Leaves one part without a response, once more than this many bytes of a blob have arrived in parts.
    static func holds(after bytes: Int, _ hasHeld: Shared<Bool>) -> Habit {
        Habit(after: { request, reply in
            guard request.method == "PATCH", case .answer(_, let fields, _) = reply,
                let end = fields["Range"].flatMap({ Int($0.drop { $0 != "-" }.dropFirst()) }), end > bytes
            else { return reply }
            let isFirst = hasHeld.withLock { held in
                defer { held = true }
                return !held
            }
            return isFirst ? .silence : reply
        })
    }

    /// Processes the request but sends only this many bytes of the response, the first `times` times.
    static func cutAnswer(_ choice: @escaping Choice, after bytes: Int, times: Int = 1) -> Habit {
        let seen = Shared(0)
        return Habit(after: { request, reply in
            guard choice(request), seen.next() <= times else { return reply }
            guard bytes > 0, case .answer(let status, let fields, let body) = reply else { return .close }
            var head = "HTTP/1.1 \(status) Status\r\n" + fields.fields.map { "\($0.name): \($0.value)\r\n" }.joined()
            if fields["Content-Length"] == nil { head += "Content-Length: \(body.count)\r\n" }
            let whole = Array("\(head)\r\n".utf8) + (request.method == "HEAD" ? [] : body)
            return .bytes(Array(whole.prefix(min(bytes, whole.count - 1))))
        })
    }

    /// Changes the bytes of a kind of response.
    static func changing(_ choice: @escaping Choice, _ change: @escaping @Sendable ([UInt8]) -> [UInt8]) -> Habit {
        Habit(after: { request, reply in
            guard choice(request), case .answer(let status, let fields, let body) = reply, !body.isEmpty else {
                return reply
            }
            return .answer(status, fields, body: change(body))
        })
    }

    /// Sends responses slowly, in small pieces.
    static func slow(_ choice: @escaping Choice) -> Habit {
        Habit(after: { choice($0) ? .trickle($1, pieces: 5, milliseconds: 60) : $1 })
    }

    /// Omits `Docker-Content-Digest`, which is optional like `OCI-Subject`.
    static let withoutDigests = Habit(after: { $1.with { $1["Docker-Content-Digest"] = nil } })

    /// Returns an HTTP date some seconds ahead.
    ///
    /// Source: <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7>.
    static func date(in seconds: Int) -> String { Timestamp(seconds: Timestamp.now().seconds + seconds).http }
}
