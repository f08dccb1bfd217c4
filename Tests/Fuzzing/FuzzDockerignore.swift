import SystemPackage

@testable import ImageLayers

/// The patterns of a .dockerignore, and a path behind them, after a zero.
extension FuzzedParser {
    static let dockerignore = FuzzedParser(
        name: "dockerignore",
        seeds: {
            [
                "**/*.pyc\n!keep/**\n# a\n /a/../b \n**.o\n\0a/b/c.pyc", "*\n!src\n!src/**/x?.[a-c]\n\0src/a/b/xy.b",
                "[^a-z\\]]*\n\\*\n***\n**/**/a\n\0a/b", "a*b*c*d\n*a*a*a*\n\0aaaaaaaaaaaa",
                "\u{FEFF}é?\n[é-ü]x\n\0éx", "**\n!**/a/**/b\n\0x/a/y/b/c",
            ].map { Array($0.utf8) }
        },
        words: [
            "**/", "/**", "*", "**", "?", "[", "]", "[^", "-", "\\", "!", "#", "\n", "\r\n", "..", "./", "/", "\0", "é",
        ]
    ) { bytes in
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        guard let rules = try? IgnoreRules(parsing: Array(parts[0]), file: ".dockerignore") else { return }
        let path = path(parts.count == 2 ? parts[1] : [])
        guard !path.isEmpty else { return }
        let isExcluded = rules.excludes(path)
        let folders = path.indices.filter { path[$0] == UInt8(ascii: "/") }.map { Array(path[..<$0]) }
        for folder in folders {
            let isOut = rules.verdict(onFolder: folder).isExcluded
            let mayHold = rules.mayIncludeBelow(folder)
            // Whoever walks the folder goes no deeper there.
            expect(!isOut || mayHold || isExcluded, "a path comes in below a folder that is left out")
        }
        for line in parts[0].split(separator: UInt8(ascii: "\n")).prefix(20) {
            guard let pattern = IgnorePattern(Array(line)), pattern.matches(path) else { continue }
            for folder in folders {
                expect(pattern.mayMatchBelow(folder), "a pattern matches a path and nothing of a folder above it")
            }
        }
    }

    /// A path that a file can have: names without `.` and `..`; longer ones would only take longer.
    private static func path(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let names = bytes.prefix(512).filter { $0 != 0 }.split(separator: UInt8(ascii: "/"))
            .filter { !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) }
        return Array(names.joined(separator: [UInt8(ascii: "/")]))
    }
}
