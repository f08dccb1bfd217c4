import Secrets
import Testing

@Suite struct SecretTests {
    @Test func `a secret shows itself to nobody who does not ask by name`() {
        let secret = Secret("xyzzy itself")
        var dumped = ""
        dump(secret, to: &dumped)
        dump(["key": secret], to: &dumped)
        let texts = ["\(secret)", String(reflecting: secret), "\([secret])", "\(Optional(secret) as Any)", dumped]
        for text in texts {
            #expect(text.contains("<redacted>") || text.contains("Secret"))
            #expect(!text.contains("xyzzy"))
        }
        #expect(secret.unredacted == "xyzzy itself")
    }

    @Test func `secrets are equal when their values are`() {
        #expect(Secret("a") == Secret("a"))
        #expect(Secret("a") != Secret("b"))
    }
}
