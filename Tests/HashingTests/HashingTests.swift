import Hashing
import Testing

/// The test vectors of the standards.
@Suite struct HashingTests {
    // <https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values>
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
    ])
    func `SHA-256 is NIST's, in one piece and byte by byte`(text: String, digest: String) {
        #expect(SHA256.hash(text.utf8).hexadecimal == digest)
        var hash = SHA256()
        for byte in text.utf8 { hash.update([byte].span.bytes) }
        #expect(hash.finish().hexadecimal == digest)
    }

    @Test func `SHA-256 of a million letters`() {
        var hash = SHA256()
        let chunk = [UInt8](repeating: UInt8(ascii: "a"), count: 1000)
        for _ in 0..<1000 { hash.update(chunk.span.bytes) }
        #expect(hash.finish().hexadecimal == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func `hashes side by side are what each is alone, however their bytes come`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var lanes = SHA256Lanes()
            var messages = (0..<SHA256Lanes.count).map { _ in
                (0..<Int.random(in: 0...3000, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            }
            // The longest message is hashed alone at the end.
            messages[0] += [UInt8](repeating: 7, count: 5000)
            for lane in messages.indices { lanes.start(lane) }
            var positions = [Int](repeating: 0, count: messages.count)
            while zip(positions, messages).contains(where: { $0 < $1.count }) {
                // The pieces of one round must stay valid until the round is over.
                let pieces = messages.indices.map { lane in
                    let length = Int.random(in: 0...700, using: &random)
                    let piece = Array(messages[lane][positions[lane]...].prefix(length))
                    positions[lane] += piece.count
                    return piece
                }
                Self.update(&lanes, pieces[...], 0)
            }
            for lane in messages.indices {
                #expect(
                    lanes.finish(lane) == SHA256.hash(messages[lane]), "lane \(lane), \(messages[lane].count) bytes")
            }
        }
    }

    /// Lends every piece to its lane, and hashes while all pieces are valid.
    private static func update(_ lanes: inout SHA256Lanes, _ pieces: ArraySlice<[UInt8]>, _ lane: Int) {
        guard let first = pieces.first else { return lanes.update() }
        first.withUnsafeBytes { bytes in
            lanes.lend(bytes, to: lane)
            update(&lanes, pieces.dropFirst(), lane + 1)
        }
    }

    @Test func `a lane counts more bits than 32 bits hold`() {
        var lanes = SHA256Lanes()
        var alone = SHA256()
        let piece = [UInt8](repeating: 0x5A, count: 1 << 20)
        for lane in 0..<SHA256Lanes.count { lanes.start(lane) }
        piece.withUnsafeBytes { bytes in
            for _ in 0..<520 {
                for lane in 0..<SHA256Lanes.count { lanes.lend(bytes, to: lane) }
                lanes.update()
                alone.update(bytes)
            }
        }
        let digest = alone.finish()
        for lane in 0..<SHA256Lanes.count { #expect(lanes.finish(lane) == digest) }
    }

    // <https://www.rfc-editor.org/rfc/rfc1321#appendix-A.5>
    @Test(arguments: [
        ("", "d41d8cd98f00b204e9800998ecf8427e"), ("a", "0cc175b9c0f1b6a831c399e269772661"),
        ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        (
            "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
            "57edf4a22be3c955ac49da2e2107b67a"
        ),
    ])
    func `MD5 is RFC 1321's`(text: String, digest: String) {
        #expect(MD5.hash(text.utf8).hexadecimal == digest)
    }

    // <https://www.rfc-editor.org/rfc/rfc4231#section-4>
    @Test(arguments: [
        (
            [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xAA, count: 20), [UInt8](repeating: 0xDD, count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        (
            Array(1...25), [UInt8](repeating: 0xCD, count: 50),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
        ),
        (
            [UInt8](repeating: 0xAA, count: 131), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        (
            [UInt8](repeating: 0xAA, count: 131),
            Array(
                ("This is a test using a larger than block-size key and a larger than block-size data. "
                    + "The key needs to be hashed before being used by the HMAC algorithm.").utf8),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
        ),
    ])
    func `HMAC-SHA256 is RFC 4231's`(key: [UInt8], message: [UInt8], code: String) {
        #expect(HMACSHA256.authenticate(message, key: key).hexadecimal == code)
    }

    @Test func `HMAC-SHA256 takes an empty key and an empty message`() {
        #expect(
            HMACSHA256.authenticate([], key: []).hexadecimal
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    // <https://www.rfc-editor.org/rfc/rfc4648#section-10>
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func `base64 is RFC 4648's, with and without padding`(text: String, encoded: String) {
        #expect(Array(text.utf8).base64 == encoded)
        #expect([UInt8](base64: encoded) == Array(text.utf8))
        #expect([UInt8](base64: encoded.filter { $0 != "=" }) == Array(text.utf8))
    }

    @Test(arguments: ["Z", "Zg=g", "Z g=", "Zm9v!", "Zm9-"])
    func `what is no base64 is refused`(text: String) { #expect([UInt8](base64: text) == nil) }

    @Test func `all bytes survive base64 and hexadecimal`() {
        let bytes = Array(UInt8.min...UInt8.max)
        #expect([UInt8](base64: bytes.base64) == bytes)
        #expect([UInt8](hexadecimal: bytes.hexadecimal) == bytes)
        #expect([UInt8](hexadecimal: bytes.hexadecimal.uppercased()) == bytes)
        for text in ["a", "0g", "+1", "a b", "é1"] { #expect([UInt8](hexadecimal: text) == nil) }
    }

    @Test func `random bytes differ`() {
        #expect(RandomBytes.make(32).count == 32)
        #expect(RandomBytes.make(32) != RandomBytes.make(32))
        #expect(RandomBytes.make(0).isEmpty)
    }
}
