import ByteText
private import POSIX
package import SystemPackage
import Wording

extension ImageDefinition {
    /// Finds the image.yaml for an argument: a folder, an image.yaml, or a name below `images/`.
    package static func locate(_ image: String) throws -> FilePath {
        let path = FilePath(image)
        let candidates = [path.appending("image.yaml"), FilePath("images").pushing(path).appending("image.yaml")]
        if [".yaml", ".yml"].contains(where: image.hasSuffix) { return path }
        if let found = candidates.first(where: { FileSystem.exists($0) }) { return found }
        let dockerfile = ["Dockerfile", "Containerfile"].map { path.appending($0) }.first { FileSystem.exists($0) }
        let advice = dockerfile.map { "; to build \($0), type: caasctl build --file \($0)" }
        throw Failure(reading: image, "there is neither \(candidates[0]) nor \(candidates[1])\(advice ?? "")")
    }

    /// Returns the `entrypoints/<program>.yaml` of this image's program; nil if it has no program.
    ///
    /// The folder `entrypoints` is next to the folder `images/`, or in the current folder.
    package func locateProgram() throws -> FilePath? {
        guard let program else { return nil }
        if program.contains(byte: "/") || program.hasSuffix(bytes: ".yaml") { return folder.pushing(FilePath(program)) }
        let inside = FilePath("entrypoints").appending("\(program).yaml")
        let candidates = [folder.appending("..").appending("..").pushing(inside), inside]
        if let found = candidates.first(where: { FileSystem.exists($0) }) { return found.lexicallyNormalized() }
        throw Failure(reading: file.string, "'program' is \(program), but there is no \(inside)")
    }
}
