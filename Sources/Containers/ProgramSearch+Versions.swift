package import SystemPackage
import Wording
import Processes

extension ProgramSearch {
    /// A program with a minimum version.
    private struct Wanted {
        let name: String
        let purpose: String
        let least: [Int]
        /// The reason why older versions are refused.
        let reason: String
        /// The version text of an older release that a distribution has patched.
        var mended: String?
    }

    /// Finds a runc with the fix for GHSA-xr7r-f8xq-vfvv (CVE-2024-21626).
    ///
    /// Older versions let an image's WORKDIR lead out of its container.
    package func runc(_ purpose: String) throws -> FilePath {
        let wanted = Wanted(
            name: "runc", purpose: purpose, least: [1, 1, 12], reason: "images break out of it (CVE-2024-21626)",
            mended: "1.1.5+ds1-1+deb12u")
        return try first(wanted)
    }

    /// Finds a docker-registry with the fix for GHSA-hqxw-f8mx-cpmw (CVE-2023-2253).
    ///
    /// Any client could make older versions run out of memory.
    package func dockerRegistry(_ purpose: String) throws -> FilePath {
        let wanted = Wanted(
            name: "docker-registry", purpose: purpose, least: [2, 8, 2],
            reason: "whoever reaches it can end it (CVE-2023-2253)")
        return try first(wanted)
    }

    private func first(_ wanted: Wanted) throws -> FilePath {
        var refusal: String?
        for program in all(wanted.name) {
            var text: [UInt8] = []
            let status = try SystemProgram.run(program, ["--version"], input: "/dev/null") { text += $0.prefix(4096) }
            let said = String(decoding: text.prefix(4096), as: UTF8.self)
            guard status == 0, let match = said.firstMatch(of: #/(\d{1,4})\.(\d{1,4})\.(\d{1,4})/#) else {
                refusal = refusal ?? "\(program) does not tell its version"
                continue
            }
            let version = [match.1, match.2, match.3].compactMap { Int($0) }
            let isMended = wanted.mended.map { said.contains($0) } ?? false
            if !version.lexicographicallyPrecedes(wanted.least) || isMended { return program }
            refusal = refusal ?? "\(program) is \(match.0): \(wanted.reason)"
        }
        // If there is no such program at all, this error says where to get one.
        guard let refusal else { return try first(wanted.name, wanted.purpose) }
        let least = wanted.least.map(String.init).joined(separator: ".")
        throw Failure("find \(wanted.name) \(least) or newer", "\(wanted.purpose); \(refusal); run 'make setup' for it")
    }
}
