import Definitions
import OCI
import Wording

/// The Python version and platform that packages are chosen for, which may differ from this machine's.
struct PythonTarget: Sendable {
    /// The glibc versions that uv has names for (`manylinux_2_<n>`); pip gets the same ones, so that both choose alike.
    private static let glibcs = [17, 28, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40]

    /// A version such as `3.11`.
    let version: String
    /// A platform such as `linux/amd64`.
    let platform: Platform
    private let machine: String
    private let glibc: Int

    init(_ layer: ImageDefinition.PythonLayer, _ platform: Platform) throws {
        let machines = ["amd64": "x86_64", "arm64": "aarch64"]
        guard platform.os == "linux", let machine = machines[platform.architecture] else {
            throw Failure("install Python packages for \(platform)", "only linux/amd64 and linux/arm64 are known")
        }
        version = layer.version
        self.platform = platform
        self.machine = machine
        let wanted = Int(layer.glibc.dropFirst(2)) ?? 28
        glibc = Self.glibcs.last { $0 <= wanted } ?? 17
    }

    var description: String { "Python \(version) on \(platform)" }
    /// The properties that decide which wheels are compatible.
    var inputs: [String] { [version, machine, "manylinux_2_\(glibc)"] }

    var uvArguments: [String] {
        [
            "--python-version", version, "--python-platform", "\(machine)-manylinux_2_\(glibc)", "--only-binary",
            ":all:",
        ]
    }

    /// pip does not derive compatible platforms, so every older one is listed too.
    ///
    /// Source: <https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/#manylinux>.
    var pipArguments: [String] {
        var names = (5...glibc).reversed().map { "manylinux_2_\($0)_\(machine)" }
        names += ["manylinux2014_\(machine)", "manylinux2010_\(machine)", "manylinux1_\(machine)", "linux_\(machine)"]
        return ["--python-version", version, "--implementation", "cp", "--only-binary", ":all:"]
            + names.flatMap { ["--platform", $0] }
    }
}
