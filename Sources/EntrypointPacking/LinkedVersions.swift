import ImageLayers
import Wording

/// The versions of the libraries that are linked into a static program.
struct LinkedVersions {
    /// The text that each library puts in front of its version in a program.
    ///
    /// `openssl` stands for libssl and libcrypto, and `gcc` for libgcc and libstdc++, which Swift's runtime needs.
    private static let marks = [("curl", "libcurl/"), ("openssl", "OpenSSL "), ("glibc", "glibc/"), ("gcc", "GCC: (")]
    /// One module of each Swift package, which is present in every program that contains the package.
    private static let modules = [
        "swift-argument-parser": "ArgumentParser", "swift-atomics": "Atomics",
        "swift-collections": "InternalCollectionsUtilities", "swift-nio": "NIOCore", "swift-subprocess": "Subprocess",
        "swift-system": "SystemPackage", "yams": "Yams",
    ]

    /// The versions by library name, with the names that advisories use.
    ///
    /// A package's version is followed by its commit in parentheses.
    let texts: [String: String]

    /// Searches a program that still has its symbols.
    init(of program: [UInt8], from origin: BuildOrigin) throws {
        var texts = ["swift": origin.swift]
        for (library, mark) in Self.marks {
            guard let version = Self.version(after: Array(mark.utf8), in: program) else {
                throw Failure("pack caas-entrypoint", "it does not say which \(library) is linked into it")
            }
            texts[library] = version
        }
        for package in origin.packages {
            guard let module = Self.modules[package.name] else {
                throw Failure("pack caas-entrypoint", "LinkedVersions names no module of the package \(package.name)")
            }
            // https://github.com/swiftlang/swift/blob/main/docs/ABI/Mangling.rst#identifiers
            let symbol = Array("$s\(module.utf8.count)\(module)".utf8)
            guard Self.firstPlace(of: symbol, in: program, where: { _ in true }) != nil else { continue }
            texts[package.name] = "\(package.version) (\(package.revision))"
        }
        self.texts = texts
    }

    /// Returns the version after a mark.
    ///
    /// After a mark that ends with a parenthesis, it is the text up to the closing one. Otherwise it begins with a
    /// digit and ends at a space or at the end of the text.
    private static func version(after mark: [UInt8], in program: [UInt8]) -> String? {
        let isParenthesis = mark.last == UInt8(ascii: "(")
        let isPart: (UInt8) -> Bool = { byte in
            isParenthesis ? (0x20..<0x7F).contains(byte) && byte != UInt8(ascii: ")") : (0x21..<0x7F).contains(byte)
        }
        func text(_ rest: ArraySlice<UInt8>) -> String? {
            let text = rest.prefix(64).prefix(while: isPart)
            guard let first = text.first, isParenthesis || (0x30...0x39).contains(first) else { return nil }
            return String(decoding: text, as: UTF8.self)
        }
        return firstPlace(of: mark, in: program) { text($0) != nil }.flatMap { text(program[$0...]) }
    }

    /// Returns the position after the first mark whose following bytes satisfy `fits`.
    private static func firstPlace(
        of mark: [UInt8], in program: [UInt8], where fits: (ArraySlice<UInt8>) -> Bool
    ) -> Int? {
        var position = 0
        while let next = program[position...].firstIndex(of: mark[0]) {
            position = next + 1
            guard program[next...].starts(with: mark) else { continue }
            if fits(program[(next + mark.count)...]) { return next + mark.count }
        }
        return nil
    }
}
