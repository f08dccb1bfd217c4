import ByteText
import Definitions
import JSON
import OCI
import RunContract

/// What a program makes of the config.
extension ImageAssembly {
    /// What is for the stages alone: it would reach into the entrypoint's process, or lead its connections elsewhere.
    private static let stagesOwn = EnvironmentName.proxies.union(["LD_PRELOAD", "LD_AUDIT", "GLIBC_TUNABLES"])
    private static let gpuDefaults = [
        ("NVIDIA_VISIBLE_DEVICES", "all"), ("NVIDIA_DRIVER_CAPABILITIES", "compute,utility"),
    ]
    private static let folder = "/.caas"
    private static let stopSignals = ["SIGTERM", "SIGINT", "TERM", "INT", "15", "2"]

    /// Refuses a definition with a program that says in the image what only a deployment says.
    static func checkOwnNames(_ definition: ImageDefinition) throws(ImageBuildError) {
        guard let name = definition.environment.keys.filter(EnvironmentName.isEntrypointsOwn).min() else { return }
        throw ImageBuildError(
            "bake a program into \(definition.name)",
            "its 'environment' sets \(name), which the entrypoint takes from the deployment alone; "
                + "set it in the manifest's 'environment'")
    }

    /// Makes the entrypoint run the program; gives back the program as it is baked, and what was left out.
    ///
    /// What the entrypoint reads for itself is in no image, so that whatever is there was sent.
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
        // A volume there would keep what one container wrote for the next one.
        if let volumes = config["Volumes"]?.object {
            config["Volumes"] = .object(volumes.filter { !Self.isOwn($0.key) })
        }
        // The entrypoint drains on these; a web server's SIGWINCH would end in a kill and lose what was not uploaded.
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
