/// Which versions of libraries a static program holds, as they write it into themselves.
enum LinkedVersions {
    private static let marks = [("curl", "libcurl/"), ("openssl", "OpenSSL "), ("glibc", "glibc/")]

    /// By the library's name; an advisory names these.
    static func find(in program: [UInt8]) throws(ImageBuildError) -> [String: String] {
        var versions: [String: String] = [:]
        for (library, mark) in marks {
            guard let version = version(after: Array(mark.utf8), in: program) else {
                throw ImageBuildError("pack caas-entrypoint", "it does not say which \(library) is linked into it")
            }
            versions[library] = version
        }
        return versions
    }

    /// What follows the mark and begins with a digit, to a space or the text's end.
    private static func version(after mark: [UInt8], in program: [UInt8]) -> String? {
        program.withUnsafeBytes { bytes in
            var position = 0
            while let next = bytes[position...].firstIndex(of: mark[0]) {
                position = next + 1
                guard bytes[next...].starts(with: mark) else { continue }
                let text = bytes[(next + mark.count)...].prefix(64).prefix { (0x21..<0x7F).contains($0) }
                if let first = text.first, (0x30...0x39).contains(first) {
                    return String(decoding: text, as: UTF8.self)
                }
            }
            return nil
        }
    }
}
