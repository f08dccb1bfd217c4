import ByteText
import Hashing
import POSIX
import SystemPackage

/// A folder of installed packages, normalized so that it does not depend on the installer, the machine or the user.
struct SitePackages {
    /// Files that describe the installer or this machine instead of the package.
    private static let traces: Set<String> = [
        "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "RECORD.jws",
    ]

    let folder: FilePath
    /// The path of Python in the image.
    let interpreter: String

    func normalize() throws {
        try FileSystem.remove(folder.appending(".lock"))
        for name in try FileSystem.names(in: folder) where name.string.hasSuffix(bytes: ".dist-info") {
            let distribution = folder.appending(name)
            for trace in Self.traces { try FileSystem.remove(distribution.appending(trace)) }
            try FileSystem.write(
                Array("caasctl\n".utf8), to: distribution.appending("INSTALLER"), mode: 0o644,
                exactly: true)
            let scripts = try writeScripts(of: distribution)
            try correctRecord(of: distribution, changed: scripts)
        }
    }

    /// Writes the commands of `entry_points.txt`, and sets the image's interpreter in scripts from wheels.
    ///
    /// Source: <https://packaging.python.org/en/latest/specifications/entry-points/>.
    private func writeScripts(of distribution: FilePath) throws -> Set<ExactText> {
        var written: Set<ExactText> = []
        let points = distribution.appending("entry_points.txt")
        if FileSystem.exists(points) {
            for point in EntryPoint.scripts(in: String(decoding: try FileSystem.read(points), as: UTF8.self)) {
                let script = folder.appending("bin").appending(point.name)
                // If the installer wrote no script, it had a reason, such as a name that leads out of the folder.
                guard FileSystem.exists(script), (try? FileStatus(script).kind) == .regular else { continue }
                try FileSystem.write(Array(point.script(interpreter).utf8), to: script, mode: 0o755, exactly: true)
                written.insert(ExactText("bin/\(point.name)"))
            }
        }
        for row in try record(of: distribution)
        where row.path.hasPrefix(bytes: "bin/") && !written.contains(ExactText(row.path)) {
            let script = folder.appending(row.path)
            guard let file = try? File(readingNoFollow: script), try file.status().kind == .regular,
                try file.status().size < 1 << 20
            else { continue }
            let content = try FileSystem.read(script)
            guard let changed = Self.withInterpreter(interpreter, content) else { continue }
            try FileSystem.write(changed, to: script, mode: 0o755, exactly: true)
            written.insert(ExactText(row.path))
        }
        return written
    }

    /// Returns the script with the image's interpreter, or nil if its first line does not name Python.
    ///
    /// For long paths, installers write `#!/bin/sh` and a second line that Python reads as a string.
    static func withInterpreter(_ interpreter: String, _ content: [UInt8]) -> [UInt8]? {
        guard content.starts(with: "#!".utf8) else { return nil }
        let lines = content.split(separator: 0x0A, maxSplits: 3, omittingEmptySubsequences: false)
        let first = String(decoding: lines[0], as: UTF8.self)
        let head = Array("#!\(interpreter)\n".utf8)
        if first == "#!/bin/sh", lines.count > 3, lines[1].starts(with: "'''exec' ".utf8) { return head + lines[3] }
        guard first.dropFirst(2).split(byte: " ").first?.split(byte: "/").last?.hasPrefix(bytes: "python") == true
        else { return nil }
        return head + Array(content.drop { $0 != 0x0A }.dropFirst())
    }

    private func record(of distribution: FilePath) throws -> [RecordRow] {
        let file = distribution.appending("RECORD")
        guard FileSystem.exists(file) else { return [] }
        return RecordRow.list(String(decoding: try FileSystem.read(file, limit: 256 << 20), as: UTF8.self))
    }

    /// Rewrites RECORD with the existing files, sorted by name, and with the digests of changed files.
    private func correctRecord(of distribution: FilePath, changed: Set<ExactText>) throws {
        let rows = try record(of: distribution)
        guard !rows.isEmpty, let name = distribution.lastComponent?.string else { return }
        var kept: [ExactText: RecordRow] = [:]
        for row in rows
        where row.path.firstRange(bytes: "__pycache__/") == nil && FileSystem.exists(folder.appending(row.path)) {
            kept[ExactText(row.path)] = changed.contains(ExactText(row.path)) ? try measured(row.path) : row
        }
        kept[ExactText("\(name)/INSTALLER")] = try measured("\(name)/INSTALLER")
        kept[ExactText("\(name)/RECORD")] = RecordRow(path: "\(name)/RECORD", hash: "", size: "")
        let lines = kept.values.map(\.line).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        try FileSystem.write(
            Array((lines.joined(separator: "\n") + "\n").utf8), to: distribution.appending("RECORD"),
            mode: 0o644, exactly: true)
    }

    private func measured(_ path: String) throws -> RecordRow {
        let content = try FileSystem.read(folder.appending(path))
        let digest = SHA256.hash(content).base64.replacing("+", with: "-").replacing("/", with: "_")
        return RecordRow(path: path, hash: "sha256=\(digest.prefix { $0 != "=" })", size: "\(content.count)")
    }
}
