import TestSupport
import Testing

@testable import ObjectStorage

/// The faults of an upload of three parts or more, each once or for a while.
enum Mishap: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case resetAtCreate, resetAtTheFirstByte, resetInAPart, resetAtThePartsEnd, resetAtComplete
    case lostCreate, lostPart, lostComplete, lostCompleteAndHead
    case burst503, burst429, burst500, busyForever
    case errorInComplete, errorInEveryComplete, cutComplete
    case slowPart, silentPart, partTwice
    case expiredKey, refusedKey, readOnly, forgottenUpload

    var testDescription: String { rawValue }

    /// The faults for a real server too: a broken connection in each phase, and faults that the server itself detects.
    static let ofConnections: [Mishap] = [
        .resetAtCreate, .resetAtTheFirstByte, .resetInAPart, .resetAtThePartsEnd, .resetAtComplete, .lostCreate,
        .lostPart,
        .lostComplete, .lostCompleteAndHead, .cutComplete, .silentPart, .partTwice, .expiredKey, .forgottenUpload,
    ]

    /// True where the upload must succeed without the user.
    var isSurvived: Bool {
        switch self {
        case .busyForever, .errorInEveryComplete, .expiredKey, .refusedKey, .readOnly, .lostCompleteAndHead: false
        default: true
        }
    }

    /// The text that the error must contain, where there is one.
    var advice: String {
        switch self {
        case .busyForever, .errorInEveryComplete: "try again in a while"
        case .lostCompleteAndHead: "check R2_ENDPOINT_URL and the network"
        case .expiredKey: "the temporary key has expired"
        case .refusedKey: "check R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY"
        case .readOnly: "it needs read and write permission on bucket"
        default: ""
        }
    }

    /// Only one fault waits for the stall time.
    var stallSeconds: Int { self == .silentPart ? 2 : 30 }

    func decide(_ request: FaultProxy.Request) -> Fault {
        let isFirst = request.asked == 0
        let isSecondPart = request.isPart && request.target.contains("partNumber=2&")
        let isLate = request.isPart && request.target.contains("partNumber=3&")
        switch self {
        case .resetAtCreate: return request.isCreate && isFirst ? .reset(after: 0) : .none
        case .resetAtTheFirstByte: return request.isPart && isFirst ? .reset(after: 1) : .none
        case .resetInAPart: return request.isPart && request.asked < 3 ? .reset(after: 300_000) : .none
        case .resetAtThePartsEnd: return request.isPart && isFirst ? .reset(after: .max) : .none
        case .resetAtComplete: return request.isComplete && isFirst ? .reset(after: 10) : .none
        case .lostCreate: return request.isCreate && isFirst ? .loseAnswer : .none
        case .lostPart: return request.isPart && isFirst ? .loseAnswer : .none
        case .lostComplete: return request.isComplete && isFirst ? .loseAnswer : .none
        case .lostCompleteAndHead:
            if request.isComplete { return .loseAnswer }
            return request.method == "HEAD" ? .answer(503, "") : .none
        case .burst503: return request.asked < 2 ? Self.answer(503, "SlowDown") : .none
        case .burst429: return request.asked < 2 ? Self.answer(429, "TooManyRequests") : .none
        case .burst500: return request.asked < 2 ? .answer(500, "") : .none
        case .busyForever: return request.isPart || request.isComplete ? Self.answer(503, "ServiceUnavailable") : .none
        case .errorInComplete:
            return request.isComplete && isFirst ? Self.answer(200, "InternalError") : .none
        case .errorInEveryComplete: return request.isComplete ? Self.answer(200, "InternalError") : .none
        case .cutComplete: return request.isComplete && isFirst ? .cutAnswer(20) : .none
        case .slowPart: return isSecondPart ? .delay(1) : .none
        case .silentPart: return isSecondPart && isFirst ? .stall : .none
        case .partTwice: return isSecondPart ? .twice : .none
        case .expiredKey: return isLate || request.isComplete ? Self.answer(400, "ExpiredToken") : .none
        case .refusedKey: return isLate || request.isComplete ? Self.answer(401, "Unauthorized") : .none
        case .readOnly: return ["GET", "HEAD"].contains(request.method) ? .none : Self.answer(403, "AccessDenied")
        case .forgottenUpload: return isLate && request.upload == 0 ? Self.answer(404, "NoSuchUpload") : .none
        }
    }

    static func answer(_ status: Int, _ code: String) -> Fault {
        .answer(status, "<Error><Code>\(code)</Code><Message>m</Message><RequestId>r-1</RequestId></Error>")
    }
}
