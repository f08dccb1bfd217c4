import Testing

@testable import Supervision

struct GPUInventoryTests {
    @Test(
        arguments: [
            ("81559\n81559\n", [81559, 81559]),
            (" 40960 \r\n", [40960]),
            ("81559 MiB\n", [81559]),
            // A row without a memory size still stands for a GPU: <https://docs.nvidia.com/deploy/nvidia-smi/>.
            ("81559\n[N/A]\n81559\n", [81559, nil, 81559]),
            ("[Not Supported]\n[Unknown Error]\n[Insufficient Permissions]\nN/A\nERR!\n", [nil, nil, nil, nil, nil]),
            ("No devices were found\n", []),
            ("WARNING: infoROM is corrupted at gpu 0000:3B:00.0\n81559\n", [81559]),
            ("", []),
        ] as [(String, [Int?])])
    func `each row is a GPU, whether it tells its memory or not`(output: String, memories: [Int?]) {
        #expect(GPUInventory(output).memories == memories)
    }

    @Test func `what is unknown is not small`() {
        #expect(GPUInventory("81559\n[N/A]\n40960\n").least == 40960)
        #expect(GPUInventory("[N/A]\n").least == nil)
        #expect(GPUInventory("[N/A]\n81559\n").unknown == 1)
    }
}
