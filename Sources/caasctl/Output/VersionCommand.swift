import Archive
import ArgumentParser
import EntrypointPacking
import HTTP
import POSIX
import SystemPackage
import Terminal

/// `caasctl version`: prints the version and what caasctl was built from.
struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Show the version; with --verbose, also all components of caasctl.")

    @Flag(help: "Also show the Swift packages with their commits, and the libraries, including the entrypoint's.")
    var verbose = false

    func run() async throws {
        guard verbose else { return print(Version.current) }
        let folder = try FileSystem.readLink("/proc/self/exe").removingLastComponent()
        let libraries = Archive.LibraryVersions.all.sorted { $0.key < $1.key }.map { "\($0.key)/\($0.value)" }
        print("caasctl \(Version.current)")
        print("libraries of this machine: \(HTTP.LibraryVersions.text) \(libraries.joined(separator: " "))")
        let origin = try BuildOrigin(besidePrograms: folder)
        var table = Table("PACKAGE", "VERSION", "REVISION")
        table.append("swift", origin.swift, "")
        for package in origin.packages { table.append(package.name, package.version, package.revision) }
        print(table, terminator: "")
        for (library, version) in try EntrypointArtifact.contents(beside: folder).sorted(by: { $0.key < $1.key }) {
            print("entrypoint: \(library) \(version)")
        }
    }
}
