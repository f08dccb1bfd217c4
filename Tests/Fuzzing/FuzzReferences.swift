import Definitions
import HTTP
import ImageLayers
import OCI
import RunContract
import SystemPackage

@testable import DockerfileBuild
@testable import Dockerfile
@testable import ObjectStorage
@testable import Registry

/// The names of images, repositories, objects and servers.
extension FuzzedParser {
    static let references = FuzzedParser(
        name: "references",
        seeds: {
            seeds(
                0, "debian", "ghcr.io:443/a/b__c-d.e:t@sha256:\(digits)", "[::1]:5000/a", "https://index.docker.io/v1/")
                + seeds(
                    1, "https://h/a.git#v1:docs", "git://127.0.0.1/a?ref=b&subdir=c&checksum=\(digits)", "git@h:a.git")
                + seeds(2, "s3://b/c/d", "file:///a%20b/", "FILE://localhost/a", "a/b/../")
                + seeds(3, "https://s3.eu-central-1.amazonaws.com", "http://[::ffff:127.0.0.1]:9000/a?b#c")
                + seeds(4, "oci:a/b:c", "oci-archive:x.tar", "docker-image://a", "target:b")
                + seeds(5, "docker.io=mirror/hub", "linux/arm64/v8", "u=rwX,go-w", "a-20260101-000000-abcd")
        },
        words: [
            "docker.io/", "library/", "localhost", "sha256:", digits, "@", ":", "/", "//", "://", "https://", "http://",
            "git://", "ssh://", "s3://", "file:///", "oci:", "#", "?", "&", "=", "%2F", "..", "[", "]", "::1",
            "127.0.0.1",
            "checksum=", "ref=", "subdir=", ".git", "65535", "\u{301}", "\\x00",
        ]
    ) { bytes in
        guard let input = Input(bytes, readers: 6), let text = input.text else { return }
        switch input.reader {
        case 0: readReference(text)
        case 1:
            let place = SourcePlace(file: "Dockerfile", line: 1)
            guard GitAddress.isRepository(text), let address = try? GitAddress(text, at: place) else { return }
            expect(!ContainerPath.hasParentName(address.folder), "a folder leads out of the repository")
        case 2:
            guard let url = try? StoreAddress(text) else { return }
            if case .object(let bucket, _) = url {
                expect(!bucket.isEmpty, "a bucket has no name")
                expect((try? StoreAddress(url.description)) == url, "an address is another one after it was written")
            }
        case 3:
            if let url = try? HTTPURL(text) {
                expect((try? HTTPURL(url.text)) == url, "a URL is another one after it was written: \(url.text)")
                _ = try? url.resolving(text)
            }
            _ = try? StoreSchemes.location("b", at: StoreEndpoint(text, addressing: "virtual"))
        case 4:
            _ = try? ImageDefinition.Base(text, folder: "a")
            _ = try? NamedContext(text)
        default: readOthers(text)
        }
    }

    private static let digits = String(repeating: "0123456789abcdef", count: 4)

    private static func readReference(_ text: String) {
        if let registry = try? Reference.registry(text) {
            expect((try? Reference.registry(registry)) == registry, "a registry is another one after it was written")
        }
        guard let reference = try? Reference(text) else { return }
        expect((try? Reference(reference.description)) == reference, "a reference is another one after it was written")
        expect((try? Reference(reference.familiar)) == reference, "a reference is another one as people type it")
    }

    private static func readOthers(_ text: String) {
        _ = try? RegistryMirrors([text])
        if let platform = try? Platform(text) {
            expect((try? Platform(platform.description)) == platform, "a platform is another one after it was written")
            for machine in [Platform.current, Platform(os: "linux", architecture: "arm64", variant: "v9")] {
                expect(platform.matches(platform), "a platform does not match itself")
                _ = platform.matches(machine)
            }
        }
        if let change = try? FileModeChange(text) {
            for mode: UInt32 in [0o7777, 0o644] {
                expect(change.applied(to: mode, isFolder: true) <= 0o7777, "a mode has other bits than a mode's")
            }
        }
        _ = try? RunID(text)
        _ = LoginNames.host(of: text)
        if let template = try? Template(text) { _ = try? template.expanded { $0 } }
    }
}
