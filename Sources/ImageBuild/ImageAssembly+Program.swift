import ByteText
import Definitions
import ImageLayers
import JSON
import OCI
import RunContract
import Wording

/// Settings of the config for an image with a program.
extension ImageAssembly {
    /// Variables that are passed only to the stages.
    ///
    /// In the entrypoint they would load code into its process (`LD_PRELOAD`) or redirect its connections (proxies).
    private static let stagesOwn = EnvironmentName.proxies.union(["LD_PRELOAD", "LD_AUDIT", "GLIBC_TUNABLES"])
    private static let gpuDefaults = [
        ("NVIDIA_VISIBLE_DEVICES", "all"), ("NVIDIA_DRIVER_CAPABILITIES", "compute,utility"),
    ]
    private static let folder = ReservedPaths.Image.root
    private static let stopSignals = ["SIGTERM", "SIGINT", "TERM", "INT", "15", "2"]

    /// Throws if the definition sets a variable that the entrypoint accepts only from a deployment.
    static func checkOwnNames(_ definition: ImageDefinition) throws {
        guard let name = definition.environment.keys.filter(EnvironmentName.isEntrypointsOwn).min() else { return }
        throw Failure(
            "bake a program into \(definition.name)",
            "its 'environment' sets \(name), which the entrypoint takes from the deployment alone; "
                + "set it in the manifest's 'environment'")
    }

    /// Makes the entrypoint run the program; returns the program as baked in, and the names of removed variables.
    ///
    /// The image contains none of the variables that the entrypoint reads for itself. If one of them is set, it comes
    /// from the deployment.
    mutating func apply(_ program: Program) -> (program: Program, leftOut: [String]) {
        for (name, value) in Self.gpuDefaults { setMissing(name, value) }
        var program = program
        var leftOut: Set<String> = []
        for (name, value) in config.environment {
            if Self.stagesOwn.contains(name) {
                program.childEnvironment[name] = value
            } else if EnvironmentName.isEntrypointsOwn(name) {
                leftOut.insert(name)
            }
        }
        for name in Self.stagesOwn.union(leftOut) { config.removeEnvironment(name) }
        program.imageEnvironment = Dictionary(config.environment.map { ($0.name, $0.value) }) { $1 }
        config["Entrypoint"] = [.string(Self.folder + "/caas-entrypoint")]
        config["Cmd"] = nil
        // A volume at this path would keep files of one container for the next one.
        if let volumes = config["Volumes"]?.object {
            config["Volumes"] = .object(volumes.filter { !Self.isOwn($0.key) })
        }
        // The entrypoint drains on these signals; a web server's SIGWINCH would end in a kill, and lose pending
        // uploads.
        if let signal = config["StopSignal"]?.string, !Self.stopSignals.contains(signal) {
            config["StopSignal"] = nil
        }
        return (program, leftOut.sorted())
    }

    private static func isOwn(_ volume: String) -> Bool {
        let parts = volume.split(byte: "/").filter { $0 != "." }
        return parts.isEmpty || parts.contains("..") || parts[0] == folder.dropFirst()
    }
}
