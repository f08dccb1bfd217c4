import ByteText
import Dockerfile
import Hashing
import HTTP
import ImageLayers
import POSIX
import SystemPackage
import Wording

/// A file that ADD downloads.
///
/// Source: <https://docs.docker.com/reference/dockerfile/#adding-files-from-a-url>.
struct DownloadedFile {
    let url: HTTPURL
    let path: FilePath
    /// The expected SHA-256 as 64 hexadecimal digits; nil if the content is not verified.
    let checksum: String?

    /// Returns whether a source is a URL, not a path in the context.
    static func isURL(_ source: String) -> Bool { source.firstRange(bytes: "://") != nil }

    /// The last name in a URL's path, as that of its file; empty where it has none.
    static func name(of source: String, at place: SourcePlace) throws -> String {
        let last = try url(source, at: place).path.split(byte: "/").last ?? ""
        let bytes = PercentEncoding.decode(last)
        let isPlace = bytes.elementsEqual(".".utf8) || bytes.elementsEqual("..".utf8)
        guard !isPlace, !bytes.contains(ContainerPath.slash), !bytes.contains(0) else {
            throw place.error("'\(last)' cannot be the name of a file")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func url(_ source: String, at place: SourcePlace) throws -> HTTPURL {
        guard !GitAddress.isRepository(source) else { throw place.error("a repository is the only source of its ADD") }
        do throws(HTTPError) { return try HTTPURL(source) } catch { throw place.error(error.description) }
    }

    init(_ source: String, to path: FilePath, checksum: String?, at place: SourcePlace) throws {
        url = try Self.url(source, at: place)
        self.path = path
        self.checksum = try checksum.map { (text) in
            guard text.wholeMatch(of: #/sha256:[0-9a-f]{64}/#) != nil else {
                throw place.error("'--checksum' is sha256: and 64 hexadecimal digits, not '\(text)'")
            }
            return String(text.dropFirst("sha256:".count))
        }
    }

    /// Downloads the file, with a few attempts if the error of server or network is transient.
    func fetch(report: @escaping @Sendable (BuildEvent) -> Void) async throws {
        var configuration = HTTPClient.Configuration()
        // The checksum protects the content, so plain HTTP is allowed.
        configuration.allowsPlainHTTP = checksum != nil
        let client = HTTPClient(configuration)
        let policy = RetryPolicy()
        let name = "ADD \(url)"
        for attempt in 0..<policy.attempts {
            let sink = try FileSink(path) { report(.progress(step: name, bytes: $0)) }
            let wait: Double
            switch await Self.answer(client, HTTPRequest("GET", url), sink) {
            case .success(let response) where response.isSuccess: return try verify(sink.finish())
            case .success(let response):
                guard RetryPolicy.isTransient(status: response.status), attempt + 1 < policy.attempts else {
                    let words = response.words
                    throw Failure(
                        "fetch \(url)", "the server answers \(response.status)\(words.isEmpty ? "" : ": \(words)")")
                }
                wait = policy.wait(after: attempt, headers: response.headers)
            case .failure(let error):
                guard error.isTransient, attempt + 1 < policy.attempts else { throw error }
                wait = policy.wait(after: attempt)
            }
            do { try await Task.sleep(for: .seconds(wait)) } catch { throw Failure("fetch \(url)", "cancelled") }
        }
    }

    private static func answer(
        _ client: HTTPClient, _ request: HTTPRequest, _ sink: FileSink
    ) async -> Result<HTTPResponse, HTTPError> {
        do throws(HTTPError) { return .success(try await client.send(request, to: sink)) } catch {
            return .failure(error)
        }
    }

    private func verify(_ digest: String) throws {
        guard checksum == nil || checksum == digest else {
            throw Failure("fetch \(url)", "its SHA-256 is \(digest), not the one that --checksum says")
        }
    }
}

/// Writes the response body to a file, and hashes it.
///
/// Only the transfer thread uses it while a request runs; before and after that, only the task that sent the request
/// does. The request orders the two, which makes the unchecked conformance valid.
private final class FileSink: HTTPBodySink, @unchecked Sendable {
    private let file: File
    private let onProgress: @Sendable (Int64) -> Void
    private var hash: SHA256? = SHA256()
    private var received: Int64 = 0

    init(_ path: FilePath, onProgress: @escaping @Sendable (Int64) -> Void) throws {
        file = try File(path, .replace(mode: 0o600))
        self.onProgress = onProgress
    }

    func begin(_ response: HTTPResponse) throws {
        try file.truncate()
        hash = SHA256()
        received = 0
    }

    func receive(_ bytes: UnsafeRawBufferPointer) throws {
        try file.write(bytes)
        hash?.update(bytes)
        received += Int64(bytes.count)
        onProgress(received)
    }

    func finish() -> String {
        guard let hash = hash.take() else { return "" }
        return hash.finish().hexadecimal
    }
}
