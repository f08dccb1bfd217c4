import JSON
import Testing

@Suite struct EncodingTests {
    @Test(arguments: [
        (#"{ "b" : [ 1.50, -0, 1E5 ] , "a" : "x/y" }"#, #"{"a":"x/y","b":[1.50,-0,1E5]}"#),
        (#"{"é":1,"z":2,"Z":3,"aa":4,"a":5}"#, #"{"Z":3,"a":5,"aa":4,"z":2,"é":1}"#),
        (#""\u0000\u001f\u007f\u20ac\"\\\n\r\t\/""#, "\"\\u0000\\u001f\u{7F}€\\\"\\\\\\n\\r\\t/\""),
        ("[ ]", "[]"), ("{ }", "{}"), ("[null,true,false]", "[null,true,false]"),
    ])
    func `a document is written with sorted names and no space, numbers as they came`(text: String, written: String)
        throws
    {
        let value = try JSONValue(parsing: text)
        #expect(value.text == written)
        #expect(try JSONValue(parsing: value.encoded()) == value)
        #expect(try JSONValue(parsing: value.prettyEncoded()) == value)
    }

    @Test func `people get two spaces a level`() {
        let value: JSONValue = ["a": [1, [:], []], "b": ["c": .null]]
        let text = """
            {
              "a": [
                1,
                {},
                []
              ],
              "b": {
                "c": null
              }
            }

            """
        #expect(String(decoding: value.prettyEncoded(), as: UTF8.self) == text)
    }

    @Test func `infinity is not written, since JSON has none`() {
        #expect(JSONValue.double(.infinity).text == "null")
        #expect(JSONValue.double(.nan).text == "null")
        #expect(JSONValue.double(0.1).text == "0.1")
    }
}
