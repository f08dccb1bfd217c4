import OCI
import Testing

/// The walk over the manifests of an image, honest or hostile.
struct ManifestWalkTests {
    private struct Refusal: Error, Equatable { let reason: String }

    /// Images as lists of the manifests that each document lists.
    private static func descriptor(_ name: String) -> Descriptor {
        Descriptor(mediaType: .imageIndex, digest: Digest(of: Array(name.utf8)), size: 1)
    }

    /// Walks from "top"; returns the names in the order in which they were entered and left.
    private func walk(_ lists: [String: [String]]) throws(Refusal) -> (entered: [String], left: [String]) {
        let names = Dictionary(
            (lists.keys + lists.values.flatMap(\.self)).map { (Self.descriptor($0).digest, $0) },
            uniquingKeysWith: { first, _ in first })
        var (entered, left): ([String], [String]) = ([], [])
        var walk = ManifestWalk { (_, reason) in Refusal(reason: reason) }
        try walk.visit(Self.descriptor("top")) { (descriptor) throws(Refusal) in
            let name = names[descriptor.digest] ?? ""
            entered.append(name)
            return (name, (lists[name] ?? []).map(Self.descriptor))
        } leave: { _, name in
            left.append(name)
        }
        return (entered, left)
    }

    @Test func `lists are left after all that they list`() throws {
        let order = try walk(["top": ["a", "b"], "b": ["c", "d"]])
        #expect(order.entered == ["top", "a", "b", "c", "d"])
        #expect(order.left == ["a", "c", "d", "b", "top"])
    }

    @Test func `what is listed often is visited once`() throws {
        let many = Array(repeating: "next", count: 1000)
        let order = try walk(["top": many.map { _ in "a" }, "a": many.map { _ in "b" }, "b": many.map { _ in "c" }])
        #expect(order.entered == ["top", "a", "b", "c"])
        #expect(try walk(["top": ["a"], "a": ["top"]]).left == ["a", "top"])
    }

    @Test func `more levels or manifests than any image has are refused`() {
        let deep = ["top": ["1"], "1": ["2"], "2": ["3"], "3": ["4"], "4": ["5"]]
        #expect(throws: Refusal(reason: "its lists of manifests are nested too deep")) { try walk(deep) }
        #expect(throws: Never.self) { try walk(["top": ["1"], "1": ["2"], "2": ["3"], "3": ["4"]]) }
        let names = (0..<ManifestLimits.manifests).map(String.init)
        #expect(throws: Refusal(reason: "it has more than 200 manifests")) { try walk(["top": names]) }
        #expect(throws: Never.self) { try walk(["top": Array(names.dropLast())]) }
    }
}
