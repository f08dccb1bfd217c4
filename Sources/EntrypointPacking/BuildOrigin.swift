import ImageLayers
package import JSON
import POSIX
package import SystemPackage
import Wording

/// The compiler and packages that a program was built from, with the compiled commit of each package.
///
/// The version of a package is not enough, because the owner of a repository can move a tag.
package struct BuildOrigin: Sendable, Hashable {
    /// A Swift package.
    package struct Package: Sendable, Hashable {
        /// SwiftPM's identity of the package, such as `swift-nio`.
        package let name: String
        /// The version that Package.swift requires.
        package let version: String
        /// The commit that was compiled.
        package let revision: String
    }

    /// The name of the file next to a program that stores this value.
    package static let fileName = "built-from.json"

    /// The version of Swift, whose runtime is linked statically.
    package let swift: String
    /// The packages, sorted by name.
    package let packages: [Package]

    /// Reads the version and the packages from SwiftPM's build folder that contains the program.
    package init(ofBuilt program: FilePath) throws {
        func failure(_ reason: String) -> Failure {
            Failure("find out what \(program) was built from", "\(reason); pack it where it was built")
        }
        // Symbolic links are resolved, because the parents of a link are not the build folder.
        let place = try FileSystem.realPath(program).removingLastComponent()
        let notes = try FileSystem.names(in: place).filter { $0.string.hasPrefix("swift-version-") }
        let texts = try notes.map { note in
            String(decoding: try FileSystem.read(place.appending(note), limit: 1 << 16), as: UTF8.self)
        }
        let versions = Set(
            texts.compactMap { text in text.firstMatch(of: #/Swift version ([0-9][^\s]*)/#).map { String($0.1) } })
        guard let swift = versions.first, versions.count == 1 else {
            throw failure(
                "\(place) notes \(versions.isEmpty ? "no version of Swift" : "several versions of Swift: make clean")")
        }
        // The build folder contains a folder for the machine, and that one contains a folder for the configuration.
        let above = [place, place.removingLastComponent(), place.removingLastComponent().removingLastComponent()]
        guard let file = above.map({ $0.appending("workspace-state.json") }).first(where: FileSystem.exists) else {
            throw failure("there is no workspace-state.json above it")
        }
        let content = try FileSystem.read(file, limit: 4 << 20)
        do { packages = try Self.packages(in: JSONValue(parsing: content)) } catch {
            throw failure("\(file): \(Failure.reason(of: error))")
        }
        self.swift = swift
    }

    /// Reads the file that is installed next to the programs.
    package init(besidePrograms folder: FilePath) throws {
        let file = folder.appending(Self.fileName)
        guard try FileSystem.status(behind: file) != nil else {
            throw Failure("say what caasctl was built from", "there is no \(file); type: make entrypoint")
        }
        let content = try FileSystem.read(file, limit: 1 << 20)
        do { self = try BuildOrigin(json: JSONValue(parsing: content)) } catch {
            throw Failure("read \(file)", "\(Failure.reason(of: error)); type: make entrypoint")
        }
    }

    /// Parses the output of ``json``.
    package init(json: JSONValue) throws {
        swift = try json.text("swift")
        packages = try json.list("packages").map { package throws(JSONError) in
            Package(
                name: try package.text("name"), version: try package.text("version"),
                revision: try package.text("revision"))
        }
    }

    /// The value in the format that ``init(json:)`` parses.
    package var json: JSONValue {
        [
            "swift": .string(swift),
            "packages": .array(
                packages.map {
                    ["name": .string($0.name), "version": .string($0.version), "revision": .string($0.revision)]
                }),
        ]
    }

    /// Returns the packages in SwiftPM's workspace state, sorted by name.
    ///
    /// Throws for a package that is edited in place, because no commit identifies its content.
    static func packages(in state: JSONValue) throws -> [Package] {
        let packages = try state.member("object").list("dependencies").map { dependency throws(JSONError) in
            let name = try dependency.member("packageRef").text("identity")
            let kept = try dependency.member("state")["checkoutState"]
            guard let kept, let version = kept["version"]?.string, let revision = kept["revision"]?.string else {
                throw JSONError("the package \(name) is of no version")
            }
            return Package(name: name, version: version, revision: revision)
        }
        return packages.sorted { $0.name < $1.name }
    }
}
