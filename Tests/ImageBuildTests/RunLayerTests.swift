import TestSupport
import Testing

@testable import ImageBuild

/// What a command leaves in its layer.
struct RunLayerTests {
    @Test func `a command's changes are a layer`() async throws {
        let fixture = try RunFixture()
        let base = try await fixture.base()
        let layer = try await fixture.run("echo hello; echo new >/data/new; rm /data/gone", on: [base])
        #expect(fixture.said.output == ["hello"])
        #expect(
            try await fixture.list(layer) == [
                "drwxr-xr-x 0:0 data/", "-rw-r--r-- 0:0 data/.wh.gone", "-rw-r--r-- 0:0 data/new",
            ])
    }
}
