import HTTP
import Testing

@testable import Registry

/// What a registry says that it has of an upload.
struct UploadSessionTests {
    @Test(
        arguments: [
            ("0-0", 0), ("0-9", 10), ("bytes=0-9", 10), ("0-9223372036854775806", .max), ("0-9223372036854775807", nil),
            ("0-99999999999999999999", nil), ("0--1", nil), ("1-9", nil), ("0", nil), ("", nil),
        ] as [(String, Int64?)])
    func `a range that no upload has says nothing`(range: String, received: Int64?) {
        #expect(UploadSession.received(["Range": range]) == received)
    }
}
