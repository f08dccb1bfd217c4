import ByteText
import JSON
import ObjectStorage
import RunContract
import TerminalText

extension RunBucket {
    /// Hands out the lines of the log that the run uploaded, in pieces; with `following` until the run is over.
    package func log(
        following: Bool, interval: Double, line: @escaping @Sendable (String) -> Void
    ) async throws(DeploymentError) {
        let action = "read the log of \(run)"
        var seen: Set<String> = []
        while true {
            // Asked before the pieces are listed: what a run uploads last comes before it says that it is over.
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

    /// Pieces are named `<attempt>-<sequence>.jsonl`: numbers, not texts, are compared.
    static func isEarlier(_ left: String, _ right: String) -> Bool {
        func order(_ key: String) -> [Int] {
            let name = key.split(byte: "/").last ?? ""
            return name.prefix { $0 != "." }.split(byte: "-").map { Int($0) ?? 0 }
        }
        let (first, second) = (order(left), order(right))
        return first == second ? left < right : first.lexicographicallyPrecedes(second)
    }

    /// The texts of a piece's records; a line that is none is shown as it is.
    private static func lines(_ content: [UInt8]) -> [String] {
        content.split(separator: UInt8(ascii: "\n")).map { line in
            let json = try? JSONValue(parsing: line)
            guard let text = json?["line"]?.string else {
                return ChildLine(String(decoding: line, as: UTF8.self), of: "damaged").description
            }
            // As the container prints it: what the entrypoint itself says is marked.
            return LogRecord(time: "", source: json?["source"]?.string ?? "?", line: text).shown
        }
    }
}
