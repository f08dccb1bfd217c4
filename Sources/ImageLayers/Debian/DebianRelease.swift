import Definitions
import POSIX
import SystemPackage
import Timestamps
import Wording
import Processes

/// The state of Debian's archive for a suite: the dates in its release files.
///
/// Source: <https://wiki.debian.org/DebianRepository/Format#A.22Release.22_files>.
struct DebianRelease {
    /// The environment variable that selects another mirror of Debian's archive.
    private static let mirrorVariable = "CAASCTL_DEBIAN_MIRROR"
    private static let standardMirror = "http://deb.debian.org/debian"
    /// The archive of all past states.
    private static let snapshots = "https://snapshot.debian.org/archive"

    /// The dates of the suite, its updates and its security updates, if it has them.
    let dates: [String]
    /// The newest of the dates, in seconds since 1970.
    let epoch: Int64
    /// The mirror arguments of mmdebstrap; without any, it uses Debian's own mirror with the updates.
    let mirror: [String]

    init(_ suite: String, snapshot: ImageDefinition.DebianSnapshot?, temporary: FilePath) async throws {
        let places = Places(suite, snapshot: snapshot)
        try places.check()
        mirror = places.lines
        let file = temporary.appending("InRelease")
        var dates = [try await Self.date("\(places.main)/InRelease", file)]
        for other in places.others {
            // sid has neither updates nor security updates, so mmdebstrap takes nothing from these either.
            if let date = try? await Self.date("\(other)/InRelease", file) { dates.append(date) }
        }
        self.dates = dates.map(\.rfc3339)
        epoch = Int64(dates.map(\.seconds).max() ?? 0)
    }

    /// Creates a recorded state; whether the mirror still has it shows only when packages are fetched.
    init(_ suite: String, snapshot: ImageDefinition.DebianSnapshot?, dates: [String]) throws {
        let places = Places(suite, snapshot: snapshot)
        try places.check()
        mirror = places.lines
        self.dates = dates
        epoch = Int64(dates.compactMap { Timestamp(rfc3339: $0)?.seconds }.max() ?? 0)
    }

    /// The URLs of a suite's release files, and mmdebstrap's arguments for them.
    struct Places: Equatable {
        /// The URL of the suite.
        let main: String
        /// The URLs of updates and security updates, which may not exist.
        let others: [String]
        /// The source arguments of mmdebstrap.
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

        /// Throws if the URL of the mirror contains a user or password.
        ///
        /// The URL stays in the image's /etc/apt/sources.list, and every user of this machine can read it in the
        /// arguments of apt's programs.
        func check() throws {
            guard main.withoutUser != main else { return }
            throw Failure(
                "use the mirror \(main.withoutUser)",
                "a password in its address would stay in the image; let a proxy on this machine add it, or name a mirror "
                    + "that needs none")
        }
    }

    /// Fetches a release file as apt does, with apt's proxies, and returns its date.
    ///
    /// The signature is not checked here; mmdebstrap verifies the signature of what it downloads.
    private static func date(_ url: String, _ file: FilePath) async throws -> Timestamp {
        let helper = ExternalProgram(
            name: "/usr/lib/apt/apt-helper", advice: "a 'debian' layer needs apt, as Debian and Ubuntu have it",
            inherited: LayerBuilder.inheritedByPackages)
        do { try await helper.run(["download-file", url, file.string]) } catch {
            throw Failure("fetch \(url)", Failure.reason(of: error))
        }
        let content = try FileSystem.read(file)
        let lines = String(decoding: content, as: UTF8.self).split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("Date: ") }),
            let date = Timestamp(http: String(line.dropFirst("Date: ".count)).replacing(" UTC", with: " GMT"))
        else { throw Failure("read \(url)", "it has no date") }
        return date
    }
}
