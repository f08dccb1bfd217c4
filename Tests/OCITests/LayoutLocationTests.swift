import OCI
import SystemPackage
import Testing

/// Images in layouts and archives, as users write them.
struct LayoutLocationTests {
    @Test(
        arguments: [
            ("oci:out", LayoutLocation(.layout, "out", name: nil)), ("oci:/a/b:v1", .init(.layout, "/a/b", name: "v1")),
            ("oci:a:", .init(.layout, "a", name: nil)), ("oci-archive:-", .init(.ociArchive, "-", name: nil)),
            ("oci-archive:x.tar:h:5000/a:v1", .init(.ociArchive, "x.tar", name: "h:5000/a:v1")),
            ("docker-archive:x:y", .init(.dockerArchive, "x", name: "y")), ("oci:", nil), ("oci::v1", nil),
            ("oci", nil),
            ("docker:x", nil), ("OCI:x", nil), ("a/oci:x", nil), ("", nil),
        ] as [(String, LayoutLocation?)])
    func `a location is a form, a path and a name`(_ text: String, _ location: LayoutLocation?) {
        #expect(LayoutLocation(text) == location)
        if let location { #expect(LayoutLocation(location.description) == location) }
    }

    @Test func `a relative path is below the folder of whoever wrote it`() {
        let relative = LayoutLocation(.layout, "a/b", name: "c")
        #expect(relative.below("images/x") == LayoutLocation(.layout, "images/x/a/b", name: "c"))
        #expect(LayoutLocation(.layout, "/a", name: nil).below("x") == LayoutLocation(.layout, "/a", name: nil))
    }
}
