import Definitions
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
    /// Every state that the archive ever had.
    private static let snapshots = "https://snapshot.debian.org/archive"

    /// Of the suite, then of its updates and its security updates where it has any.
    let dates: [String]
    /// The newest of the dates, in seconds since 1970.
    let epoch: Int64
    /// What mmdebstrap is told of mirrors; nothing lets it take Debian's own with the updates.
    let mirror: [String]

    init(
        _ suite: String, snapshot: ImageDefinition.DebianSnapshot?, temporary: FilePath
    ) async throws(ImageBuildError) {
        let places = Places(suite, snapshot: snapshot)
        try places.check()
        mirror = places.lines
        let file = temporary.appending("InRelease")
        var dates = [try await Self.date("\(places.main)/InRelease", file)]
        for other in places.others {
            // sid has neither updates nor security updates; then there is nothing that mmdebstrap could take from there.
            if let date = try? await Self.date("\(other)/InRelease", file) { dates.append(date) }
        }
        self.dates = dates.map(\.rfc3339)
        epoch = Int64(dates.map(\.seconds).max() ?? 0)
    }

    /// A state that was recorded earlier; what is there today is asked for where packages are fetched.
    init(_ suite: String, snapshot: ImageDefinition.DebianSnapshot?, dates: [String]) throws(ImageBuildError) {
        let places = Places(suite, snapshot: snapshot)
        try places.check()
        mirror = places.lines
        self.dates = dates
        epoch = Int64(dates.compactMap { Timestamp(rfc3339: $0)?.seconds }.max() ?? 0)
    }

    /// Where a suite's release files are, and how mmdebstrap is told of them.
    struct Places: Equatable {
        /// The suite itself.
        let main: String
        /// Its updates and security updates, which it need not have.
        let others: [String]
        /// mmdebstrap's arguments.
        let lines: [String]

        init(
            _ suite: String, snapshot: ImageDefinition.DebianSnapshot?,
            mirror chosen: String? = ProcessEnvironment.value(mirrorVariable)
        ) {
            var url = chosen ?? standardMirror
            switch snapshot {
            case .mirror(let mirror)?: url = mirror
            case .time(let time)? where chosen == nil:
                let archive = "\(snapshots)/debian/\(time)"
                let security = "\(snapshots)/debian-security/\(time)"
                main = "\(archive)/dists/\(suite)"
                others = ["\(archive)/dists/\(suite)-updates", "\(security)/dists/\(suite)-security"]
                lines =
                    suite == "sid" || suite == "unstable"
                    ? ["deb \(archive) \(suite) main"]
                    : [
                        "deb \(archive) \(suite) main", "deb \(archive) \(suite)-updates main",
                        "deb \(security) \(suite)-security main",
                    ]
                return
            default: break
            }
            main = "\(url)/dists/\(suite)"
            let isStandard = chosen == nil && snapshot == nil
            others =
                isStandard ? ["\(url)/dists/\(suite)-updates", "\(url)-security/dists/\(suite)-security"] : []
            lines = isStandard ? [] : [url]
        }

        /// The address of a mirror stays in the image's /etc/apt/sources.list, and whoever is on this machine sees it among
        /// the arguments of apt's programs.
        func check() throws(ImageBuildError) {
            guard main.withoutUser != main else { return }
            throw ImageBuildError(
                "use the mirror \(main.withoutUser)",
                "a password in its address would stay in the image; let a proxy on this machine add it, or name a mirror "
                    + "that needs none")
        }
    }

    /// Fetches as apt does, with its proxies; mmdebstrap verifies the signature of what it takes.
    private static func date(_ url: String, _ file: FilePath) async throws(ImageBuildError) -> Timestamp {
        let helper = ExternalProgram(
            name: "/usr/lib/apt/apt-helper", advice: "a 'debian' layer needs apt, as Debian and Ubuntu have it",
            inherited: LayerFactory.inheritedByPackages)
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
