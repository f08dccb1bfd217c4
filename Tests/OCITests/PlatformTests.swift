import OCI
import Testing

@Suite struct PlatformTests {
    /// The index of the offered platform that a machine should choose.
    struct Choice: Sendable {
        let machine: String
        let offered: String
        let number: Int64?

        init(_ machine: String, _ offered: String, _ number: Int64?) {
            self.machine = machine
            self.offered = offered
            self.number = number
        }
    }

    private func index(_ platforms: [String]) throws -> ImageIndex {
        ImageIndex(
            manifests: try platforms.enumerated().map { number, platform in
                Descriptor(
                    mediaType: .imageManifest, digest: Digest(of: [UInt8(number)]), size: Int64(number),
                    platform: try Platform(platform))
            })
    }

    /// The variants of <https://github.com/opencontainers/image-spec/blob/main/image-index.md#platform-variants>.
    @Test(arguments: [
        Choice("linux/amd64", "linux/amd64 linux/amd64", 0),
        Choice("linux/amd64", "linux/amd64/v3 linux/amd64/v2 linux/amd64", 2),
        Choice("linux/amd64", "linux/amd64/v3 linux/amd64/v2", 1),
        Choice("linux/amd64/v3", "linux/amd64 linux/amd64/v2 linux/amd64/v3 linux/amd64/v4", 2),
        Choice("linux/amd64/v4", "linux/amd64 linux/amd64/v2 linux/amd64/v3", 2),
        Choice("linux/amd64/v2", "linux/amd64/v3 linux/amd64", 1),
        Choice("linux/amd64/v2", "linux/amd64/v3", nil),
        Choice("linux/arm64", "linux/arm/v7 linux/arm64/v8", 1),
        Choice("linux/arm64/v8", "linux/arm64", 0),
        Choice("linux/arm64/v9", "linux/arm64/v8", 0),
        Choice("linux/arm64/v8", "linux/arm64/v9", nil),
        Choice("linux/arm64/v9", "linux/arm64/v8 linux/arm64/v8.2 linux/arm64/v9", 2),
        Choice("linux/arm", "linux/arm/v5 linux/arm/v6 linux/arm/v7 linux/arm/v8", 2),
        Choice("linux/arm/v6", "linux/arm/v7 linux/arm/v5 linux/arm/v6", 2),
        Choice("linux/arm/v7", "linux/arm/v5 linux/arm/v6", 1),
        Choice("linux/arm/v6", "linux/arm", nil),
        Choice("linux/arm/v8", "linux/arm", 0),
        Choice("linux/arm64", "linux/arm/v8", nil),
        Choice("linux/riscv64", "linux/riscv64/rva22", 0),
        Choice("linux/riscv64/a", "linux/riscv64/b", nil),
        Choice("linux/amd64", "unknown/unknown windows/amd64 linux/amd64", 2),
        Choice("linux/s390x", "unknown/unknown linux/amd64", nil),
    ])
    func `the nearest variant that runs there is taken`(choice: Choice) throws {
        let index = try index(choice.offered.split(separator: " ").map(String.init))
        #expect(index.manifest(for: try Platform(choice.machine))?.size == choice.number)
    }

    @Test(arguments: [("linux/x86_64", "linux/amd64"), ("linux/aarch64/v8", "linux/arm64/v8")])
    func `names of uname are read as Go's`(text: String, platform: String) throws {
        #expect(try Platform(text).description == platform)
    }

    /// Whoever writes an index could write any number.
    @Test(arguments: [
        ("amd64", "v9223372036854775807"), ("arm64", "v9223372036854775807.1"), ("arm64", "v9.9223372036854775807"),
        ("arm", "v99999999999999999999"),
    ])
    func `a variant that no machine has is none`(architecture: String, variant: String) throws {
        let offered = Platform(os: "linux", architecture: architecture, variant: variant)
        #expect(!offered.matches(try Platform("linux/\(architecture)/v9")))
        #expect(offered.matches(offered))
    }
}
