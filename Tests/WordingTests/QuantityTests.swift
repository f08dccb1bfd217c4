import Testing
import Wording

/// Sizes and durations as people type and read them.
struct QuantityTests {
    @Test(arguments: [
        ("90s", 90), ("20m", 1200), ("8h", 28_800), ("7d", 604_800), ("0s", 0), ("", nil), ("s", nil), ("5", nil),
        ("1w", nil), ("-1s", nil), ("+1s", nil), ("1.5h", nil), ("1h30m", nil), (" 1s", nil), ("\u{0661}s", nil),
        ("99999999999999999999d", nil), ("9223372036854775807d", nil), ("1000000h", 3_600_000_000), ("1000001s", nil),
    ])
    func `a duration is one number with one unit`(_ text: String, _ seconds: Int?) {
        #expect(ShortDuration.seconds(text) == seconds)
    }

    @Test(
        arguments: [
            ("4096B", 4096), ("1KiB", 1 << 10), ("512MiB", 512 << 20), ("64GiB", 64 << 30), ("5TiB", 5 << 40),
            ("999999TiB", 999_999 << 40), ("1000000B", nil), ("B", nil), ("512", nil), ("1MB", nil), ("-1B", nil),
            ("1 GiB", nil), ("", nil), ("\u{0661}B", nil),
        ] as [(String, Int64?)])
    func `a size is one number with one unit`(_ text: String, _ bytes: Int64?) {
        #expect(ByteCount(parsing: text)?.bytes == bytes)
    }

    @Test(arguments: [
        (0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (1 << 20, "1.0 MiB"),
        (40_790_000, "38.9 MiB"), (3 << 30, "3.0 GiB"), (5 << 40, "5.0 TiB"), (5000 << 40, "5000.0 TiB"),
    ])
    func `a number of bytes reads well`(bytes: Int64, text: String) {
        #expect(ByteCount(bytes).description == text)
    }
}
