import JSON
import POSIX
import RunContract
public import SystemPackage

/// The runs that were started from this machine: `runs/<run id>.json` in the home of caasctl.
public struct RunLedger: Sendable {
    /// Where the records are.
    public let folder: FilePath

    /// The ledger in a home of caasctl.
    public init(home: FilePath) { folder = home.appending("runs") }

    /// Writes a record; it is on the disk when this returns.
    public func write(_ record: RunRecord) throws(DeploymentError) {
        do throws(POSIXError) {
            try FileSystem.makeFolder(folder, mode: 0o700)
            try FileSystem.write(record.json.prettyEncoded(), to: path(record.run), mode: 0o600, sync: true)
        } catch { throw DeploymentError(.local, "keep the record of \(record.run)", error.description) }
    }

    /// The record that RUN means: a run's id, the beginning of one only, or `last`.
    public func find(_ run: String) throws(DeploymentError) -> RunRecord {
        let action = "find run '\(run)'"
        let names = try names(action)
        if run == "last" {
            var newest: RunRecord?
            for name in names {
                let record = try read(name)
                if newest.map({ ($0.created, $0.run.description) < (record.created, name) }) ?? true { newest = record }
            }
            guard let newest else { throw DeploymentError(.notFound, action, "there is no run in \(folder) yet") }
            return newest
        }
        if names.contains(run) { return try read(run) }
        let fitting = names.filter { $0.hasPrefix(run) }
        guard let name = fitting.first, !run.isEmpty else {
            throw DeploymentError(
                .notFound, action, "no run in \(folder) begins so" + (names.last.map { "; the newest is \($0)" } ?? ""))
        }
        guard fitting.count == 1 else {
            throw DeploymentError(.unsuitable, action, "it may be \(fitting.prefix(5).joined(separator: " or "))")
        }
        return try read(name)
    }

    private func names(_ action: String) throws(DeploymentError) -> [String] {
        guard FileSystem.exists(folder) else { return [] }
        do throws(POSIXError) {
            return try FileSystem.names(in: folder).map(\.string)
                .filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.map { String($0.dropLast(5)) }
        } catch { throw DeploymentError(.local, action, error.description) }
    }

    private func read(_ name: String) throws(DeploymentError) -> RunRecord {
        let path = folder.appending("\(name).json")
        let bytes: [UInt8]
        do throws(POSIXError) { bytes = try FileSystem.read(path, limit: 1 << 20) } catch {
            throw DeploymentError(.local, "read \(path)", error.errno.description)
        }
        do throws(JSONError) { return try RunRecord(json: JSONValue(parsing: bytes)) } catch {
            throw DeploymentError(.local, "read \(path)", error.description)
        }
    }

    private func path(_ run: RunID) -> FilePath { folder.appending("\(run).json") }
}
