import JSON
import POSIX
import SystemPackage

/// The packages that are installed in a cached layer.
extension LayerCache {
    private func packagesFile(_ inputs: [String]) -> FilePath { file(for: inputs + ["packages"]) }

    func packages(of inputs: [String]) -> [DebianPackage]? {
        guard let content = try? FileSystem.read(packagesFile(inputs)), let json = try? JSONValue(parsing: content)
        else {
            return nil
        }
        return DebianPackage.list(json)
    }

    func keep(_ packages: [DebianPackage], of inputs: [String]) throws {
        let file = packagesFile(inputs)
        let content = JSONValue.array(packages.map(\.json)).encoded()
        try FileSystem.write(content, to: file)
    }
}
