import ByteText

/// A line in the RECORD of an installed package.
///
/// Source: <https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file>.
struct RecordRow: Hashable {
    /// The path relative to the folder of packages.
    let path: String
    let hash: String
    let size: String

    init(path: String, hash: String, size: String) {
        self.path = path
        self.hash = hash
        self.size = size
    }

    var line: String { "\(Self.quoted(path)),\(hash),\(size)" }

    /// Parses the rows of a file.
    ///
    /// pip records scripts relative to the folder where it first put the packages, so leading `../` are removed.
    static func list(_ text: String) -> [RecordRow] {
        text.split(byte: "\n").compactMap { line in
            let fields = fields(line.hasSuffix(bytes: "\r") ? Substring(line.utf8.dropLast()) : line)
            guard fields.count == 3 else { return nil }
            var path = fields[0][...]
            while path.hasPrefix(bytes: "../") { path = Substring(path.utf8.dropFirst(3)) }
            guard !path.isEmpty, !path.hasPrefix(bytes: "/"), !path.split(byte: "/").contains("..") else {
                return nil
            }
            return RecordRow(path: String(path), hash: fields[1], size: fields[2])
        }
    }

    private static func fields(_ line: Substring) -> [String] {
        var fields = [""]
        var isQuoted = false
        var rest = line.unicodeScalars
        while let character = rest.popFirst() {
            if character == "\"" {
                if isQuoted && rest.first == "\"" {
                    fields[fields.count - 1] += "\""
                    rest.removeFirst()
                } else {
                    isQuoted.toggle()
                }
            } else if character == "," && !isQuoted {
                fields.append("")
            } else {
                fields[fields.count - 1].unicodeScalars.append(character)
            }
        }
        return fields
    }

    private static func quoted(_ field: String) -> String {
        guard field.contains(byte: ",") || field.contains(byte: "\"") else { return field }
        return "\"\(field.replacing(bytes: "\"", with: "\"\""))\""
    }
}

/// A command of a package.
struct EntryPoint: Hashable {
    let name: String
    let module: String
    /// The function to call, with dots.
    let object: String

    /// Returns the entry points that are commands.
    ///
    /// <https://packaging.python.org/en/latest/specifications/entry-points/#file-format>
    static func scripts(in text: String) -> [EntryPoint] {
        var section = ""
        var points: [EntryPoint] = []
        for line in text.split(whereSeparator: \.isNewline) {
            if let match = line.wholeMatch(of: #/\s*\[([^\]]*)\]\s*/#) {
                section = match.1.filter { !$0.isWhitespace }
            } else if section == "console_scripts" || section == "gui_scripts",
                let match = line.wholeMatch(of: #/\s*([\w.\-]+)\s*=\s*([\w.]+)\s*:\s*([\w.]+)\s*(?:\[.*\])?\s*/#)
            {
                points.append(EntryPoint(name: String(match.1), module: String(match.2), object: String(match.3)))
            }
        }
        return points
    }

    func script(_ interpreter: String) -> String {
        let root = object.prefix { $0 != "." }
        return """
            #!\(interpreter)
            import sys
            from \(module) import \(root)
            if __name__ == "__main__":
                sys.exit(\(object)())

            """
    }
}
