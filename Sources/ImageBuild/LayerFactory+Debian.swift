import Archive
import Definitions
import OCI
import POSIX
import SystemPackage

extension LayerFactory {
    /// A root file system of Debian packages, as they stand in the archive's newest release.
    func debian(_ layer: ImageDefinition.DebianLayer, _ platform: Platform) async throws(ImageBuildError) -> BuiltLayer
    {
        let packages = layer.packages.sorted()
        let name = "debian: \(layer.suite)" + (packages.isEmpty ? "" : " with \(packages.joined(separator: ", "))")
        report(.step(name))
        let built = try await withTemporaryFolder { (temporary) async throws(ImageBuildError) in
            let release = try await DebianRelease(layer.suite, temporary: temporary)
            let inputs = ["debian", layer.suite, "\(platform)"] + packages + release.dates
            if let known = cache.find(inputs, createdBy: name) { return known }
            let tar = temporary.appending("root.tar")
            report(.step("mmdebstrap installs \(layer.suite) of \(release.dates[0])"))
            try await install(layer.suite, packages, platform, release, to: tar)
            let built = try await make(createdBy: name, from: tar) { entry in
                DebianRoot.entry(entry, newest: release.epoch)
            }
            try cache.keep(built, for: inputs)
            return built
        }
        return built
    }

    private func install(
        _ suite: String, _ packages: [String], _ platform: Platform, _ release: DebianRelease, to tar: FilePath
    ) async throws(ImageBuildError) {
        let mmdebstrap = ExternalProgram(
            name: "mmdebstrap", advice: "apt-get install --no-install-recommends mmdebstrap uidmap")
        let mode = CurrentUser.id == 0 ? "root" : "unshare"
        var arguments = [
            "--variant=minbase", "--mode=\(mode)", "--format=tar", "--architectures=\(platform.architecture)",
        ]
        if !packages.isEmpty { arguments.append("--include=\(packages.joined(separator: ","))") }
        arguments += [suite, "-"] + release.mirror
        // Its output goes through a descriptor: in a user namespace it could not open a file of ours by name.
        try await mmdebstrap.run(
            arguments,
            environment: [
                "SOURCE_DATE_EPOCH": "\(release.epoch)", "TZ": "UTC", "LC_ALL": "C.UTF-8", "LANGUAGE": "",
                "DEBIAN_FRONTEND": "noninteractive",
            ], outputTo: tar)
    }
}
