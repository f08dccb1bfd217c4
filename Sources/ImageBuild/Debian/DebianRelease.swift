import POSIX
import SystemPackage
import Timestamps

/// Which state of Debian's archive a suite is in: the dates that its release files carry.
///
/// Source: <https://wiki.debian.org/DebianRepository/Format#A.22Release.22_files>.
struct DebianRelease {
    /// Names another mirror of Debian's archive.
    private static let mirrorVariable = "CAASCTL_DEBIAN_MIRROR"
    private static let standardMirror = "http://deb.debian.org/debian"

    /// Of the suite, then of its updates and its security updates where it has any.
    let dates: [String]
    /// The newest of the dates, in seconds since 1970.
    let epoch: Int64
    /// What mmdebstrap is told of mirrors; nothing lets it take Debian's own with the updates.
    let mirror: [String]

    init(_ suite: String, temporary: FilePath) async throws(ImageBuildError) {
        let chosen = ProcessEnvironment.value(Self.mirrorVariable)
        let url = chosen ?? Self.standardMirror
        mirror = chosen.map { [$0] } ?? []
        let file = temporary.appending("InRelease")
        let main = try await Self.date("\(url)/dists/\(suite)/InRelease", file)
        var dates = [main]
        if chosen == nil {
            for other in ["\(url)/dists/\(suite)-updates", "\(url)-security/dists/\(suite)-security"] {
                // sid has neither; then there is nothing that mmdebstrap could take from there.
                if let date = try? await Self.date("\(other)/InRelease", file) { dates.append(date) }
            }
        }
        self.dates = dates.map(\.rfc3339)
        epoch = Int64(dates.map(\.seconds).max() ?? 0)
    }

    /// Fetches as apt does, with its proxies; mmdebstrap verifies the signature of what it takes.
    private static func date(_ url: String, _ file: FilePath) async throws(ImageBuildError) -> Timestamp {
        let helper = ExternalProgram(
            name: "/usr/lib/apt/apt-helper", advice: "a 'debian' layer needs apt, as Debian and Ubuntu have it")
        do throws(ImageBuildError) { try await helper.run(["download-file", url, file.string]) } catch {
            throw ImageBuildError("fetch \(url)", error.reason)
        }
        let content = try posix { () throws(POSIXError) in try FileSystem.read(file) }
        let lines = String(decoding: content, as: UTF8.self).split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("Date: ") }),
            let date = Timestamp(http: String(line.dropFirst("Date: ".count)).replacing(" UTC", with: " GMT"))
        else { throw ImageBuildError("read \(url)", "it has no date") }
        return date
    }
}
