import Archive
import Definitions
import JSON
import OCI
import POSIX
import SystemPackage
import Wording
import Processes

extension LayerBuilder {
    /// The environment variables that mmdebstrap inherits: paths, the user, and proxies.
    ///
    /// Scripts of packages run with them, and other variables can change the files that the scripts write. With
    /// PYTHONDONTWRITEBYTECODE, for example, python3 leaves other bytecode behind.
    static let inheritedByPackages: Set<String> = [
        "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY",
        "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
    ]

    /// Builds a root file system from Debian packages, in the state of the archive's newest release.
    func debian(_ layer: ImageDefinition.DebianLayer, _ platform: Platform) async throws -> BuiltLayer {
        let packages = layer.packages.sorted()
        let name = "debian: \(layer.suite)" + (packages.isEmpty ? "" : " with \(packages.joined(separator: ", "))")
        report(.step(name))
        let input = Self.input(layer, packages, platform)
        let lock = try locked.locked(input, at: place)
        return try await withTemporaryFolder { (temporary) in
            let release: DebianRelease
            if let dates = try? lock?.texts("release"), !dates.isEmpty {
                release = try DebianRelease(layer.suite, snapshot: layer.snapshot, dates: dates)
            } else {
                release = try await DebianRelease(layer.suite, snapshot: layer.snapshot, temporary: temporary)
            }
            // The mirror is part of the key, because its address stays in the image.
            let inputs = ["debian", layer.suite, "\(platform)"] + packages + release.dates + release.mirror
            if let known = await cache.find(inputs, createdBy: name), let installed = cache.packages(of: inputs) {
                note(input, release, installed)
                return known
            }
            let tar = temporary.appending("root.tar")
            report(.step("mmdebstrap: the state of \(release.dates[0])"))
            let installed = try await install(layer, packages, platform, release, to: tar)
            if let lock, let reason = DebianPackage.difference(installed, from: DebianPackage.list(lock["packages"])) {
                throw Failure(
                    "install the packages of \(locked.name)",
                    "the mirror has moved on: \(reason); name a 'snapshot' of \(release.dates[0]), or renew the lock "
                        + "with --lock")
            }
            let built = try await make(createdBy: name, from: tar) { entry in
                DebianRoot.entry(entry, newest: release.epoch)
            }
            try cache.keep(built, for: inputs)
            try cache.keep(installed, of: inputs)
            note(input, release, installed)
            return built
        }
    }

    private static func input(
        _ layer: ImageDefinition.DebianLayer, _ packages: [String], _ platform: Platform
    ) -> JSONValue {
        var input: JSONValue = [
            "kind": "debian", "suite": .string(layer.suite), "platform": .string("\(platform)"),
            "asked": .array(packages.map { .string($0) }),
        ]
        switch layer.snapshot {
        case .time(let text)?, .mirror(let text)?: input["snapshot"] = .string(text.withoutUser)
        case nil: break
        }
        return input
    }

    private func note(_ input: JSONValue, _ release: DebianRelease, _ installed: [DebianPackage]) {
        locked.note(
            input,
            ["release": .array(release.dates.map { .string($0) }), "packages": .array(installed.map(\.json))])
    }

    private func install(
        _ layer: ImageDefinition.DebianLayer, _ packages: [String], _ platform: Platform, _ release: DebianRelease,
        to tar: FilePath
    ) async throws -> [DebianPackage] {
        let mmdebstrap = ExternalProgram(
            name: "mmdebstrap", advice: "apt-get install --no-install-recommends mmdebstrap uidmap",
            inherited: Self.inheritedByPackages)
        let mode = CurrentUser.id == 0 ? "root" : "unshare"
        var arguments = [
            "--variant=minbase", "--mode=\(mode)", "--format=tar",
            "--architectures=\(try DebianArchitecture(of: platform).runnable())",
        ]
        if !packages.isEmpty { arguments.append("--include=\(packages.joined(separator: ","))") }
        // A past state is expired by its own date; its signature is verified all the same.
        if layer.snapshot != nil { arguments.append("--aptopt=Acquire::Check-Valid-Until \"false\"") }
        arguments += [DebianPackageListing.hook, layer.suite, "-"] + release.mirror
        let environment = [
            "SOURCE_DATE_EPOCH": "\(release.epoch)", "TZ": "UTC", "LC_ALL": "C.UTF-8", "LANGUAGE": "",
            "DEBIAN_FRONTEND": "noninteractive",
        ]
        let report = report
        async let _: Void = ProgramWatch.report("mmdebstrap", to: report)
        // The archive goes through a descriptor: in a user namespace mmdebstrap could not open our file by name.
        var listing = DebianPackageListing()
        try await mmdebstrap.run(arguments, environment: environment, outputTo: tar) { line in
            if listing.take(line) { return }
            if line.hasPrefix("I: "), line.hasSuffix("...") {
                report(.step("mmdebstrap: \(line.dropFirst(3).dropLast(3))"))
            }
        }
        return listing.sorted
    }
}
