import POSIX
import SystemPackage

/// Finds the libraries that a program of this machine is loaded with.
struct SharedLibraries {
    /// A library, or the loader.
    struct Library {
        let name: String
        let bytes: [UInt8]
    }

    private let folders: [FilePath]

    /// Where this machine's loader looks. <https://man7.org/linux/man-pages/man8/ld.so.8.html>
    init() {
        let standard = ["/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"]
        folders = Self.configured("/etc/ld.so.conf", depth: 0) + standard.map { FilePath($0) }
    }

    /// The folders in ld.so.conf and in the files that it includes.
    private static func configured(_ file: FilePath, depth: Int) -> [FilePath] {
        guard depth < 4, let content = try? FileSystem.read(file, limit: 1 << 20) else { return [] }
        var folders: [FilePath] = []
        for line in String(decoding: content, as: UTF8.self).split(separator: "\n") {
            let line = line.filter { $0 != " " && $0 != "\t" }.prefix { $0 != "#" }
            if line.hasPrefix("include") {
                let folder = FilePath(String(line.dropFirst(7))).removingLastComponent()
                for name in (try? FileSystem.names(in: folder)) ?? [] where name.string.hasSuffix(".conf") {
                    folders += configured(folder.appending(name), depth: depth + 1)
                }
            } else if line.hasPrefix("/") {
                folders.append(FilePath(String(line)))
            }
        }
        return folders
    }

    /// Everything that the program needs and that those need in turn, by name; the loader is not among it.
    func closure(of program: ELFFile, loader: String) throws(ImageBuildError) -> [Library] {
        var found: [String: Library] = [:]
        var wanted = program.needed
        while let name = wanted.popLast() {
            guard found[name] == nil, name != loader else { continue }
            let bytes = try read(name)
            let library = try ELFFile(bytes, name: name)
            guard library.runPath == nil else {
                throw ImageBuildError(
                    "pack \(name)", "its DT_RUNPATH would keep it from finding its own libraries in /.caas")
            }
            found[name] = Library(name: name, bytes: bytes)
            wanted += library.needed
        }
        return found.values.sorted { $0.name < $1.name }
    }

    private func read(_ name: String) throws(ImageBuildError) -> [UInt8] {
        for folder in folders {
            let path = folder.appending(name)
            guard FileSystem.exists(path) else { continue }
            do throws(POSIXError) { return try FileSystem.read(path) } catch {
                throw ImageBuildError("pack \(name)", error.description)
            }
        }
        throw ImageBuildError("pack \(name)", "this machine's loader would not find it either")
    }
}
