import CloudSupport
import Definitions
import Deployment
import JSON
import SystemPackage
import TestSupport
import Testing

@Suite struct IonetOfferTests {
    @Test func `hardware and place are found by their names`() async throws {
        let fixture = try DeploymentFixture()
        let double = try await IonetDouble()
        let offer = try await fixture.client(double).offer(for: fixture.manifest().resources)
        #expect(offer.token["hardware_id"] == .number("203"))
        #expect(offer.token["location_ids"] == [.number("4")])
        #expect(offer.places == ["US (Dallas)"])
        #expect(offer.priceUSD == 143.5)
    }

    @Test func `ids that are given are not looked up`() async throws {
        let fixture = try DeploymentFixture()
        let double = try await IonetDouble { request, _ in
            request.path.hasSuffix("/price") ? IonetDouble.price : nil
        }
        let resources = try fixture.manifest(
            "resources.hardware_id=gpu_1x_l40", "resources.location_ids=[US]"
        ).resources
        let offer = try await fixture.client(double).offer(for: resources)
        #expect(offer.token["hardware_id"] == .string("gpu_1x_l40"))
        #expect(offer.token["location_ids"] == [.string("US")])
        #expect(double.server.requests.map(\.path).allSatisfy { $0.hasSuffix("/price") })
    }

    @Test(
        arguments: [
            (["resources.gpu=B200"], "cannot rent B200: io.net offers A100 PCIe, H100"),
            (
                ["resources.gpu=a100", "resources.gpus=8"],
                "cannot rent a100: A100 PCIe has at most 4 GPUs in a container, and 8 are asked"
            ),
            (
                ["resources.locations=[FR, JP]"],
                "cannot rent 8 H100 in FR, JP: there is room in DE (Frankfurt), US (Dallas) only; change 'locations'"
            ),
        ] as [([String], String)])
    func `what is not to be had is named`(overrides: [String], says: String) async throws {
        let fixture = try DeploymentFixture()
        let manifest = try RunManifest(
            parsing: DeploymentFixture.manifest, file: "demo.yaml", settings: fixture.settings, overrides: overrides)
        let double = try await IonetDouble()
        let client = try fixture.client(double)
        let error = await #expect(throws: DeploymentError.self) { try await client.offer(for: manifest.resources) }
        #expect(error?.description == says)
    }

    @Test func `a name that means two machines is refused`() async throws {
        let double = try await IonetDouble { request, _ in
            guard request.path.hasSuffix("max-gpus-per-container") else { return nil }
            return IonetDouble.json([
                ["hardware_id": 7, "hardware_name": "H100 PCIe"], ["hardware_id": 203, "hardware_name": "H100 SXM"],
            ])
        }
        let fixture = try DeploymentFixture()
        let client = try fixture.client(double)
        let resources = try fixture.manifest().resources
        let error = await #expect(throws: DeploymentError.self) { try await client.offer(for: resources) }
        #expect(error?.reason == "it may mean H100 PCIe or H100 SXM; write one of them as gpu")
        let exact = try fixture.manifest("resources.gpu=h100 sxm").resources
        #expect(try await client.offer(for: exact).token["hardware_id"] == .number("203"))
    }

    @Test func `of several ids with one name the first with room is taken`() async throws {
        // The API has no room for 8 GPUs of the hardware 7.
        let double = try await IonetDouble { request, _ in
            guard request.path.hasSuffix("max-gpus-per-container") else { return nil }
            return IonetDouble.json([
                ["hardware_id": 7, "hardware_name": "H100"], ["hardware_id": 203, "hardware_name": "H100"],
            ])
        }
        let fixture = try DeploymentFixture()
        let offer = try await fixture.client(double).offer(for: fixture.manifest().resources)
        #expect(offer.token["hardware_id"] == .number("203"))
    }
}
