import ByteText
import SystemPackage

/// The folder that each step has of its own, such as `checkpoint-{step}`: whatever is in it belongs to the step.
struct StepFolder: Sendable {
    /// The folder's name as the rule writes it.
    private let name: String
    /// The names of the folders above it, below the rule's root.
    private let above: [String]

    /// The path of the folders' common parent, below the rule's root.
    var parent: FilePath { FilePath(above.joined(separator: "/")) }

    /// Returns nil where the last name has no `{step}`, or one above it has.
    init?(_ path: String) {
        let names = path.split(byte: "/").map(String.init)
        guard let name = names.last, name.firstRange(bytes: "{step}") != nil, !Self.hasMarker(names.dropLast()) else {
            return nil
        }
        self.name = name
        above = names.dropLast()
    }

    /// Finds the folder in which all of these files are that have the step in their path; returns nil where there is none.
    init?(of files: [String]) {
        var places: Set<[String]> = []
        for file in files where file.firstRange(bytes: "{step}") != nil {
            let names = file.split(byte: "/").map(String.init)
            guard let index = names.firstIndex(where: { $0.firstRange(bytes: "{step}") != nil }),
                index < names.count - 1
            else { return nil }
            places.insert(Array(names[...index]))
        }
        guard places.count == 1, let place = places.first else { return nil }
        guard !place.contains(where: { $0.contains { "*?".contains($0) } }) else { return nil }
        self.init(place.joined(separator: "/"))
        guard name.firstRange(bytes: "{rank}") == nil else { return nil }
    }

    private static func hasMarker(_ names: some Sequence<String>) -> Bool {
        names.contains { $0.firstRange(bytes: "{step}") != nil || $0.firstRange(bytes: "{rank}") != nil }
    }

    func path(of step: String) -> FilePath { parent.appending(name.replacing(bytes: "{step}", with: step)) }

    /// Returns the step in the name of a folder as it is written, nil for another folder.
    func step(in other: String) -> String? {
        guard let marker = name.firstRange(bytes: "{step}") else { return nil }
        let before = name[..<marker.lowerBound].utf8.count
        let digits = other.utf8.dropFirst(before).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let text = String(decoding: digits, as: UTF8.self)
        guard Int(text) != nil, name.replacing(bytes: "{step}", with: text).isSame(bytes: other) else { return nil }
        return text
    }

    /// Returns the step of a file that is in a step's folder, by its path below the rule's root.
    func step(ofFile path: String) -> String? {
        let names = path.split(byte: "/")
        guard names.count > above.count + 1, zip(names, above).allSatisfy({ $0.isSame(bytes: $1) }) else { return nil }
        return step(in: String(names[above.count]))
    }
}
