import Definitions
import Deployment
import JSON
import SystemPackage
import Testing
import Wording

@Suite struct IonetResourcesTests {
    private func resources(_ text: String, overrides: [String] = []) throws -> IonetResources {
        let manifest = try RunManifest(
            parsing: "name: a\ntarget: ionet\nimage: a\n\(text)", file: "manifests/demo.yaml",
            settings: Settings(environment: [:]), overrides: overrides)
        return try IonetResources(manifest.resources)
    }

    @Test func `ids go to the provider as they are written`() throws {
        let numbers = try resources("resources: {hardware_id: 203, location_ids: [9, \"US\"], hours: 1}")
        #expect(numbers.hardwareID == .number("203"))
        #expect(numbers.locationIDs == [.number("9"), .string("US")])
        let texts = try resources("resources: {hardware_id: \"203\", location_ids: [8H100.80S], hours: 1}")
        #expect(texts.hardwareID == .string("203"))
        #expect(texts.locationIDs == [.string("8H100.80S")])
    }

    @Test(
        arguments: [
            (
                "resources: {gpu: H100, hour: 1}", [],
                "manifests/demo.yaml:4: unknown key 'hour' in resources; did you mean 'hours'?"
            ),
            ("resources: {gpu: H100}", [], "manifests/demo.yaml:4: 'hours' is missing in resources"),
            (
                "resources: {hours: 1}", [],
                "manifests/demo.yaml:4: 'gpu' is missing in resources; say gpu: H100, or the provider's hardware_id"
            ),
            ("port: 1", [], "manifests/demo.yaml:1: 'hours' is missing in resources"),
            (
                "resources: {gpu: a, hours: 1}", ["resources.gpsu=4"],
                "--set resources.gpsu: unknown key 'gpsu' in resources; did you mean 'gpus'?"
            ),
            (
                "resources: {gpu: a, hours: 1}", ["resources.gpus=x"],
                "--set resources.gpus: 'resources.gpus' is 'x'; a whole number of at least 1 was expected"
            ),
        ] as [(String, [String], String)])
    func `a mistake in the resources is named with its place`(text: String, overrides: [String], says: String) {
        let error = #expect(throws: Failure.self) { try resources(text, overrides: overrides) }
        #expect(error?.description == "cannot read \(says)")
    }
}
