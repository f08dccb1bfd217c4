import OCI
import Testing

struct ImageLocationTests {
    @Test(
        arguments: [
            ("oci:out", .layout("oci:out")), ("oci-archive:a.tar:1", .layout("oci-archive:a.tar:1")),
            ("docker-archive:-", .layout("docker-archive:-")), ("store:demo", .store("demo")), ("store:", .store("")),
            ("docker://ghcr.io/me/app", .registry("ghcr.io/me/app")), ("docker://app", .registry("app")),
            ("demo", .name("demo")), ("ghcr.io/me/app:1", .name("ghcr.io/me/app:1")), ("", .name("")),
            // A name that only begins like a prefix.
            ("ocifold/app", .name("ocifold/app")), ("storefront:1", .name("storefront:1")),
        ] as [(String, ImageLocation)])
    func `a prefix says where an image is`(text: String, location: ImageLocation) {
        #expect(ImageLocation(text) == location)
    }

    @Test(
        arguments: [
            ("ghcr.io/me/app", "ghcr.io"), ("localhost/app", "localhost"), ("host:5000/app", "host:5000"),
            ("[::1]:5000/app", "[::1]:5000"), ("me/app", nil), ("app", nil), ("app:1.0", nil), ("localhost", nil),
            ("", nil),
            ("/app", nil),
        ] as [(String, String?)])
    func `a host has a dot or a port, or is localhost`(name: String, host: String?) {
        #expect(Reference.host(of: name).map(String.init) == host)
    }
}
