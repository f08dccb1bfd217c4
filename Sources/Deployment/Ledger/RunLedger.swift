import JSON
import POSIX
import RunContract
package import SystemPackage

/// The runs that this computer started or looked up: `runs/<run id>.json` in caasctl's home folder.
package struct RunLedger: Sendable {
    package let folder: FilePath

    /// Opens the ledger in caasctl's home folder.
    package init(home: FilePath) { folder = home.appending("runs") }

    /// Writes a record and syncs it to disk before it returns.
    package func write(_ record: RunRecord) throws(DeploymentError) {
        do throws(POSIXError) {
            try FileSystem.makeFolder(folder, mode: 0o700)
            // Rewriting keeps the file's owner, also under sudo.
            try FileSystem.rewrite(path(record.run), with: record.json.prettyEncoded(), mode: 0o600, sync: true)
        } catch { throw DeploymentError(.local, "keep the record of \(record.run)", error.description) }
    }

    /// Applies a change to the record on disk, or to `record` where there is none, and returns the result.
    ///
    /// A request to the provider takes minutes: changes that another caasctl wrote in the meantime, such as a machine
    /// that costs money, are kept.
    @discardableResult
    func update(_ record: RunRecord, _ change: (inout RunRecord) -> Void) throws(DeploymentError) -> RunRecord {
        let lock = try lock(record.run)
        defer { lock.unlock() }
        var current = FileSystem.exists(path(record.run)) ? try read(record.run.description) : record
        change(&current)
        try write(current)
        return current
    }

    private func lock(_ run: RunID) throws(DeploymentError) -> File {
        do throws(POSIXError) {
            try FileSystem.makeFolder(folder, mode: 0o700)
            let lock = try File(folder.appending(".lock"), .update(mode: 0o600))
            _ = try lock.lock(wait: true)
            return lock
        } catch { throw DeploymentError(.local, "keep the record of \(run)", error.description) }
    }

    /// Writes a machine's record into its run's record.
    func note(_ machine: MachineRecord, of record: RunRecord) throws(DeploymentError) -> RunRecord {
        try update(record) { $0.note(machine) }
    }

    /// Returns every record, and an error for each that cannot be read: it may be of a machine that costs money.
    package func all() throws(DeploymentError) -> (records: [RunRecord], unreadable: [DeploymentError]) {
        var found: (records: [RunRecord], unreadable: [DeploymentError]) = ([], [])
        for name in try names("list the runs") {
            do throws(DeploymentError) { found.records.append(try read(name)) } catch {
                found.unreadable.append(error)
            }
        }
        return found
    }

    /// Returns the record of a run's id, of a prefix that only one id has, or of `last`.
    package func find(_ run: String) throws(DeploymentError) -> RunRecord {
        let action = "find run '\(run)'"
        let names = try names(action)
        if run == "last" {
            var newest: RunRecord?
            for name in names {
                let record = try read(name)
                if newest.map({ ($0.touched, $0.run.description) < (record.touched, name) }) ?? true { newest = record }
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
        do { return try RunRecord(json: JSONValue(parsing: bytes)) } catch {
            throw DeploymentError(.local, "read \(path)", "\(error)")
        }
    }

    private func path(_ run: RunID) -> FilePath { folder.appending("\(run).json") }
}
