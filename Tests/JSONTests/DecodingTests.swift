import JSON
import Testing

@Suite struct DecodingTests {
    private let value: JSONValue = [
        "text": "a", "whole": 3, "flag": true, "null": .null, "list": ["x", "y"], "map": ["k": "v"], "mixed": ["x", 1],
    ]

    @Test func `members are read by name`() throws {
        #expect(try value.text("text") == "a")
        #expect(try value.whole("whole") == 3)
        #expect(try value.optionalFlag("flag") == true)
        #expect(try value.optionalText("null") == nil)
        #expect(try value.optionalText("absent") == nil)
        #expect(try value.optionalWhole("absent") == nil)
        #expect(try value.texts("list") == ["x", "y"])
        #expect(try value.texts("absent").isEmpty)
        #expect(try value.textMap("map") == ["k": "v"])
    }

    @Test func `an error names the member and what it should be`() {
        let cases: [(String, (JSONValue) throws(JSONError) -> Void)] = [
            ("'absent' is missing", { (value) throws(JSONError) in _ = try value.text("absent") }),
            ("'null' is missing", { (value) throws(JSONError) in _ = try value.text("null") }),
            ("'whole' is no text", { (value) throws(JSONError) in _ = try value.text("whole") }),
            ("'text' is no whole number", { (value) throws(JSONError) in _ = try value.whole("text") }),
            ("'text' is neither true nor false", { (value) throws(JSONError) in _ = try value.optionalFlag("text") }),
            ("'text' is no array", { (value) throws(JSONError) in _ = try value.list("text") }),
            ("'mixed' holds something that is no text", { (value) throws(JSONError) in _ = try value.texts("mixed") }),
            ("'list' is no object", { (value) throws(JSONError) in _ = try value.textMap("list") }),
        ]
        for (reason, read) in cases {
            #expect(#expect(throws: JSONError.self) { try read(value) }?.description == reason)
        }
    }
}
