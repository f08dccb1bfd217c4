import POSIX
import SystemPackage
import TestSupport
import Testing

@Suite struct SchemaCommandTests {
    @Test(arguments: ["image", "program", "manifest"]) func `schema prints what docs has`(kind: String) async throws {
        let outcome = try await Command(Checkout.program("caasctl"), ["schema", kind]).run()
        let file = Checkout.root.appending("docs/schemas/\(kind).schema.json")
        #expect(outcome.output == String(decoding: try FileSystem.read(file), as: UTF8.self))
        #expect(outcome.status == 0 && outcome.errors.isEmpty)
    }

    @Test func `schema of another kind of file says which kinds there are`() async throws {
        let outcome = try await Command(Checkout.program("caasctl"), ["schema", "dockerfile"]).run()
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains("the kinds are image, program, manifest"))
    }
}
