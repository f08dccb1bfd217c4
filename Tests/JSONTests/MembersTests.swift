import JSON
import Testing

/// Objects in files of other programs, of which only some members change.
@Suite struct MembersTests {
    private static let written = """
        {
          "z": 123456789012345678901234567890,
          "auths": {"b": {"auth" : "x"},
                    "a": {"n": 1.10}},
          "list": [1,  2],
          "é": "\\u00e9"
        }
        """

    @Test func `what is not changed keeps its place and its bytes`() throws {
        var document = try JSONMembers(parsing: Array(Self.written.utf8))
        #expect(document.names == ["z", "auths", "list", "é"])
        var inner = try document.members(of: "auths")
        inner.set("b", to: ["auth": "y"])
        inner.set("c", to: "new")
        inner.remove("a")
        document.set("auths", to: inner)
        let expected = """
            {
              "z": 123456789012345678901234567890,
              "auths": {
                "b": {"auth":"y"},
                "c": "new"
              },
              "list": [1,  2],
              "é": "\\u00e9"
            }

            """
        #expect(String(decoding: document.encoded(), as: UTF8.self) == expected)
        #expect(try JSONMembers(parsing: document.encoded()) == document)
    }

    @Test(arguments: [
        ("{}", "{}\n"), (" {\"a\":1}\n", "{\n\t\"a\": 1\n}\n"), ("{\n\t\"a\": {}}", "{\n\t\"a\": {}\n}\n"),
        ("{\r\n    \"a\":1}", "{\n    \"a\": 1\n}\n"), ("{\n\"a\":1}", "{\n\t\"a\": 1\n}\n"),
    ])
    func `lines are indented as they were, else with a tab as docker does`(text: String, written: String) throws {
        #expect(String(decoding: try JSONMembers(parsing: Array(text.utf8)).encoded(), as: UTF8.self) == written)
    }

    @Test(arguments: ["", "[]", "1", "{", "{}x", "{\"a\":1,\"a\":2}", "{\"a\":{\"b\":1,\"b\":2}}", "{\"a\":01}"])
    func `what is no object is refused`(text: String) {
        #expect(throws: JSONError.self) { try JSONMembers(parsing: Array(text.utf8)) }
    }

    @Test func `a member that should be an object is one, or absent, or null`() throws {
        let document = try JSONMembers(parsing: Array(#"{"a":[],"b":null,"c":{"x":1}}"#.utf8))
        #expect(throws: JSONError("'a' is no object")) { try document.members(of: "a") }
        #expect(try document.members(of: "b").names == [] && document.members(of: "d").names == [])
        #expect(try document.members(of: "c").names == ["x"])
    }
}
