import JSON
import Testing

/// Corner cases of RFC 8259, and of RFC 7493 where it is stricter.
@Suite struct ParsingTests {
    private static let values: [(String, JSONValue)] = [
        ("null", .null), (" true\r\n", true), ("\tfalse", false), ("0", 0), ("-0", .number("-0")),
        ("\"\"", ""), ("[]", []), ("{}", [:]), ("[[],{}]", [[], [:]]), ("{\"\":{\"\":0}}", ["": ["": 0]]),
        ("-0.1e+10", .number("-0.1e+10")), ("1E5", .number("1E5")),
        ("123456789012345678901234567890", .number("123456789012345678901234567890")),
        (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{C}\n\r\t")), (#""\u00e9\u20AC""#, "é€"),
        (#""\ud83d\ude00""#, "😀"), ("\"😀\u{7F}\"", "😀\u{7F}"), (#""\u0000""#, "\0"), (#""\uD834\uDD1E""#, "𝄞"),
        ("[1 , 2\n,3]", [1, 2, 3]), (#"{"b":1,"a":[true,null]}"#, ["a": [true, .null], "b": 1]),
    ]

    @Test(arguments: values)
    func `what is JSON is read`(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "nulls", "True", "'a'", "[1,]", "[,1]", "[1 2]", "[", "]", "{", "}", "{\"a\"}", "{\"a\":}",
        "{\"a\":1,}", "{a:1}", "{1:2}", "{\"a\":1 \"b\":2}", "[1]]", "1 2", "01", "-", "-01", "+1", "1.", ".5", "1.e5",
        "1e", "1e+", "0x10", "NaN", "Infinity", "-Infinity", "1_000", "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"",
        "\"\\u12G4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\\u+123\"", "\"\n\"", "\"\t\"", "\"\0\"",
        "[1]//", "/**/1", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "\u{FEFF}1", "\u{A0}1",
    ])
    func `what is not is refused, with the place`(text: String) {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(error?.description.contains("at byte") == true)
    }

    @Test(arguments: [
        [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22],
    ])
    func `invalid UTF-8 is refused`(bytes: [UInt8]) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
    }

    @Test func `depth is bounded, length is not`() throws {
        let nested = { (depth: Int) in String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        _ = try JSONValue(parsing: nested(128))
        #expect(throws: JSONError.self) { try JSONValue(parsing: nested(129)) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: String(repeating: "{\"a\":", count: 100_000)) }
        let long = "[" + Array(repeating: "1", count: 100_000).joined(separator: ",") + "]"
        #expect(try JSONValue(parsing: long).array?.count == 100_000)
    }

    @Test(arguments: [
        ("1", 1), ("-7", -7), ("1.0", 1), ("1e3", 1000), ("9223372036854775807", Int.max),
        ("9007199254740993", 9_007_199_254_740_993),
    ])
    func `whole numbers are read exactly`(text: String, value: Int) throws {
        #expect(try JSONValue(parsing: text).integer == value)
    }

    @Test(arguments: ["1.5", "9223372036854775808", "1e400", "\"1\"", "true", "null"])
    func `what is no whole number is none`(text: String) throws {
        #expect(try JSONValue(parsing: text).integer == nil)
    }

    @Test(arguments: [("1.5", 1.5), ("-7", -7.0), ("1e300", 1e300), ("1e400", nil), ("-1e400", nil), ("\"1\"", nil)])
    func `a number that no double holds is none`(text: String, value: Double?) throws {
        #expect(try JSONValue(parsing: text).double == value)
    }
}
