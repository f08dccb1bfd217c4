import JSON
import OCI
import Testing

@Suite struct ImageConfigTests {
    private let digest = Digest(of: [])

    @Test func `members that we do not know survive`() throws {
        let text =
            #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"config":{"Healthcheck":{"Test":["x"]}},"moby.x":1}"#
        var config = try ImageConfig(json: JSONValue(parsing: text))
        config["Cmd"] = ["sh"]
        config.append(layer: digest, createdBy: "us", created: "1970-01-01T00:00:00Z")
        #expect(config.json["moby.x"] == 1)
        #expect(config["Healthcheck"] == ["Test": ["x"]])
        #expect(config.diffIDs == [digest])
        config["Cmd"] = nil
        #expect(config["Cmd"] == nil)
    }

    @Test func `a variable's value may begin with what joins the sign before it`() throws {
        let config = try ImageConfig(json: [
            "config": ["Env": ["A=\u{301}x", "B\u{600}=y"]], "os": "linux",
            "architecture": "amd64", "rootfs": ["diff_ids": []],
        ])
        #expect(config.environment.map { Array($0.name.utf8) } == [Array("A".utf8), Array("B\u{600}".utf8)])
        #expect(config.environment.map { Array($0.value.utf8) } == [Array("\u{301}x".utf8), Array("y".utf8)])
    }

    @Test func `history is as long as the layers, also above a base that has none`() throws {
        let text = """
            {"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["\(digest)","\(digest)"]},
             "history":[{"created_by":"a"},{"created_by":"b","empty_layer":true}]}
            """
        var config = try ImageConfig(json: JSONValue(parsing: text))
        config.append(layer: digest, createdBy: "us", created: "1970-01-01T00:00:00Z")
        let history = try config.json.list("history")
        #expect(history.filter { $0["empty_layer"]?.bool != true }.count == 3)
        #expect(history.last?["created_by"] == "us")
    }

    @Test func `a history that is longer than the layers is made to fit, and everything in it is kept`() throws {
        let text = """
            {"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["\(digest)"]},
             "history":[{"created_by":"a"},{"created_by":"b","empty_layer":true},{"created_by":"c"},{"created_by":"d"}]}
            """
        var config = try ImageConfig(json: JSONValue(parsing: text))
        config.alignHistory(created: "1970-01-01T00:00:00Z")
        let history = try config.json.list("history")
        #expect(history.map { $0["created_by"] } == ["a", "b", "c", "d"])
        #expect(history.map { $0["empty_layer"]?.bool ?? false } == [false, true, true, true])
        var none = ImageConfig(platform: .current)
        none.alignHistory(created: "1970-01-01T00:00:00Z")
        #expect(none.json["history"] == nil)
    }

    @Test func `a variable is replaced in its place, another comes last`() {
        var config = ImageConfig(platform: .current)
        config.environment = [("PATH", "/bin"), ("A", "1=2"), ("B", "")]
        config.setEnvironment("A", "3")
        config.setEnvironment("C", "4")
        config.removeEnvironment("B")
        #expect(config["Env"] == ["PATH=/bin", "A=3", "C=4"])
    }

    @Test(arguments: [
        "{}", #"{"architecture":"amd64","os":"linux"}"#,
        #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["md5:1"]}}"#,
    ])
    func `a config without platform or layers is refused`(text: String) {
        #expect(throws: JSONError.self) { try ImageConfig(json: JSONValue(parsing: text)) }
    }
}
