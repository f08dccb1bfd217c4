import HTTP
import OCI
import TestSupport
import Timestamps

/// What registries do, with the registry that does it, and what their networks do.
extension Habit {
    typealias Choice = @Sendable (ReceivedRequest) -> Bool

    static func method(_ method: String, _ fragment: String = "/") -> Choice {
        { $0.method == method && $0.target.contains(fragment) }
    }

    static let isUpload: Choice = { StrictRegistry.isUpload($0) }
    /// The request that ends an upload, or is all of it.
    static let isClosing: Choice = method("PUT", "/blobs/uploads/")

    /// The state of docker-registry's uploads, without which it knows no session; it must come back as it was.
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

    /// A whole URL, or one that is relative to the request's own folder.
    static func location(isRelative: Bool) -> Habit {
        Habit(after: { request, reply in
            reply.with { _, fields in
                guard let place = fields["Location"], place.contains("/session") else { return }
                let name = String(place.split(separator: "/").last ?? "")
                fields["Location"] = isRelative ? name : "http://\(request.headers["Host"] ?? "")\(place)"
            }
        })
    }

    /// Uploads go to another host, which takes no Authorization.
    static func uploads(to storage: LoopbackServer) -> Habit {
        Habit(after: { _, reply in
            reply.with { status, fields in
                guard [202, 204].contains(status), let place = fields["Location"] else { return }
                fields["Location"] = storage.url(place).text
            }
        })
    }

    /// Whatever is to be written is sent to another host, which takes no Authorization.
    static func writing(at storage: LoopbackServer, _ status: Int) -> Habit {
        Habit(before: { request in
            guard ["POST", "PUT", "PATCH"].contains(request.method) else { return nil }
            return .answer(status, ["Location": storage.url(request.target).text])
        })
    }

    /// Docker Hub's blobs are at a storage that takes no Authorization.
    static func blobs(from storage: LoopbackServer) -> Habit {
        Habit(before: { request in
            guard request.method == "GET", request.path.contains("/blobs/sha256") else { return nil }
            return .answer(307, ["Location": storage.url(request.target + "?X-Amz-Signature=x").text])
        })
    }

    /// Whoever asks for a blob in any way is sent to a storage that was told to expect a GET.
    static func blobs(signedForGETAt storage: LoopbackServer) -> Habit {
        Habit(before: { request in
            guard ["HEAD", "GET"].contains(request.method), request.path.contains("/blobs/sha256") else { return nil }
            return .answer(307, ["Location": storage.url(request.target + "?X-Amz-SignedMethod=GET").text])
        })
    }

    /// A proxy that takes no longer bodies, and answers with a page.
    static func longestBody(_ limit: Int) -> Habit {
        Habit(interrupt: { request in
            request.body.count > limit
                ? .answer(
                    413, ["Content-Type": "text/html"],
                    text: "<html><head><title>413 Request Entity Too Large</title></head><hr>cloudflare</html>") : nil
        })
    }

    /// ECR answers a part with 201, and its Range stands still. <https://github.com/aws/containers-roadmap/issues/2831>
    static let ecr = Habit(after: { request, reply in
        guard request.method == "PATCH", case .answer(202, var fields, let body) = reply else { return reply }
        if request.headers["Content-Range"]?.hasPrefix("0-") == false { fields["Range"] = "0-399999" }
        return .answer(201, fields, body: body)
    })

    /// GHCR takes no longer parts, and no cancelling. <https://github.com/oras-project/rust-oci-client/issues/37>
    static func ghcr(_ limit: Int) -> Habit {
        Habit(before: { request in
            if request.method == "DELETE" { return .answer(405) }
            guard request.headers["Content-Range"] != nil, request.body.count > limit else { return nil }
            return .answer(416, text: "exceeds the maximum permissible limit of 4.00MiB")
        })
    }

    /// Google's registry takes no parts. <https://github.com/dotnet/sdk-container-builds/issues/287>
    static let artifactRegistry = Habit(before: { $0.method == "PATCH" ? .refusal(405, "UNSUPPORTED") : nil })

    /// A registry that says in OCI-Chunk-Min-Length what it takes.
    static func leastPart(_ least: Int) -> Habit {
        // The last part may be shorter, which shows only when there is another.
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

    /// Quay refuses a mount without `from`. <https://github.com/GoogleContainerTools/jib/issues/703>
    static let quay = Habit(before: { request in
        request.target.contains("mount=") && !request.target.contains("from=") ? .answer(400) : nil
    })

    /// The first requests of a kind are answered so.
    static func first(_ count: Int, _ choice: @escaping Choice, _ reply: ServerReply) -> Habit {
        let seen = Shared(0)
        return Habit(before: { choice($0) && seen.next() <= count ? reply : nil })
    }

    /// Every request of a kind is answered so.
    static func always(_ choice: @escaping Choice, _ reply: ServerReply) -> Habit {
        Habit(before: { choice($0) ? reply : nil })
    }

    /// The connection is reset once so many bytes of a body have come; the first times.
    static func reset(
        _ choice: @escaping Choice, after bytes: Int, times: Int = 1, isKept: Bool = false
    ) -> Habit {
        let seen = Shared(0)
        return Habit(
            interrupt: { choice($0) && $0.body.count >= bytes && seen.next() <= times ? .close : nil },
            keepsInterrupted: isKept)
    }

    /// Parts after the first are taken, and thrown away. <https://github.com/openai/tart/issues/273>
    static let dropsParts = Habit(before: { request in
        guard request.method == "PATCH", let range = request.headers["Content-Range"], !range.hasPrefix("0-") else {
            return nil
        }
        return .answer(202, ["Location": request.target, "Range": "0-399999"])
    })

    /// Once so many bytes of a blob are there in parts, one part is never answered.
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

    /// What was asked is done, and of its answer only so many bytes arrive; the first times.
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

    /// Bytes of a kind of answer are others than they should be.
    static func changing(_ choice: @escaping Choice, _ change: @escaping @Sendable ([UInt8]) -> [UInt8]) -> Habit {
        Habit(after: { request, reply in
            guard choice(request), case .answer(let status, let fields, let body) = reply, !body.isEmpty else {
                return reply
            }
            return .answer(status, fields, body: change(body))
        })
    }

    /// Answers come late, and in small pieces.
    static func slow(_ choice: @escaping Choice) -> Habit {
        Habit(after: { choice($0) ? .trickle($1, pieces: 5, milliseconds: 60) : $1 })
    }

    /// `Docker-Content-Digest` and `OCI-Subject` are no duty.
    static let withoutDigests = Habit(after: { $1.with { $1["Docker-Content-Digest"] = nil } })

    /// A date some seconds ahead. <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7>
    static func date(in seconds: Int) -> String { Timestamp(seconds: Timestamp.now().seconds + seconds).http }
}
