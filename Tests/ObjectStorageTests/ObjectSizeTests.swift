import Testing

@testable import ObjectStorage

/// What a server says of a length is added up and cut into parts.
struct ObjectSizeTests {
    @Test(arguments: ["", "-1", "1.5", "70368744177665", "9223372036854775807", "99999999999999999999"])
    func `what no object can have is no length`(text: String) {
        #expect(ObjectSize.read(text) == nil)
    }

    @Test(arguments: [("0", 0), ("70368744177664", 1 << 46)] as [(String, Int64)])
    func `what an object can have is cut into parts`(text: String, size: Int64) throws {
        #expect(ObjectSize.read(text) == size)
        let ranges = PartRanges(cutting: size, minimum: 1)
        #expect(Int64(ranges.count - 1) * ranges.partSize + ranges.length(ranges.count - 1) == size)
        #expect(!ObjectETag("\(String(repeating: "0", count: 32))-3").mustFit(size, isOurs: true))
    }
}
