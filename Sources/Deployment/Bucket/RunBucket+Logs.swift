import ByteText
import JSON
import ObjectStorage
import RunContract
import Wording

extension RunBucket {
    /// Passes the lines of the run's uploaded log to `line`; with `following` until the run is over.
    package func log(
        following: Bool, interval: Double, line: @escaping @Sendable (String) -> Void
    ) async throws(DeploymentError) {
        let action = "read the log of \(run)"
        var seen: Set<String> = []
        while true {
            // Read before the listing: a run uploads its last piece before it writes that it is over.
            let isOver = try await isOver()
            do throws(StorageError) {
                let pieces = try await store.list(layout.logs).map(\.key).filter { !seen.contains($0) }
                for key in pieces.sorted(by: Self.isEarlier) {
                    seen.insert(key)
                    guard let content = try await store.get(key, limit: 64 << 20) else { continue }
                    for text in Self.lines(content) { line(text) }
                }
            } catch { throw DeploymentError(error, action) }
            guard following, !isOver else { break }
            do { try await Task.sleep(for: .seconds(interval)) } catch { return }
        }
        if seen.isEmpty { throw DeploymentError(.notFound, action, "there is none in its bucket yet") }
    }

    private func isOver() async throws(DeploymentError) -> Bool {
        guard let status = try await status() else { return false }
        return [.complete, .failed].contains(status.phase)
    }

    /// Orders pieces, named `<attempt>-<sequence>.jsonl`, by these two numbers rather than as text.
    static func isEarlier(_ left: String, _ right: String) -> Bool {
        func order(_ key: String) -> [Int] {
            let name = key.split(byte: "/").last ?? ""
            return name.prefix { $0 != "." }.split(byte: "-").map { Int($0) ?? 0 }
        }
        let (first, second) = (order(left), order(right))
        return first == second ? left < right : first.lexicographicallyPrecedes(second)
    }

    /// Returns the texts of a piece's records; a line that is no record is shown as damaged.
    private static func lines(_ content: [UInt8]) -> [String] {
        content.split(separator: UInt8(ascii: "\n")).map { line in
            let json = try? JSONValue(parsing: line)
            guard let text = json?["line"]?.string else {
                return ChildLine(String(decoding: line, as: UTF8.self), of: "damaged").description
            }
            // The same form as in the container's output, where lines of the entrypoint itself are marked.
            return LogRecord(time: "", source: json?["source"]?.string ?? "?", line: text).shown
        }
    }
}
