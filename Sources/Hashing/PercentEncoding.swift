/// Percent-encoding of URLs, queries and forms, as SigV4 requires it: only unreserved characters stay, and hexadecimal digits are upper case.
/// <https://www.rfc-editor.org/rfc/rfc3986#section-2.3>
package enum PercentEncoding {
    package static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    package static func encode(_ text: String, keepingSlash: Bool) -> String { encode(Array(text.utf8), keepingSlash) }

    package static func encode(_ bytes: [UInt8], _ keepsSlash: Bool) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        encoded.reserveCapacity(bytes.count)
        for byte in bytes {
            if isUnreserved(byte) || (keepsSlash && byte == UInt8(ascii: "/")) {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// Decodes percent-encoded text; a percent sign without two hexadecimal digits stays as it is.
    ///
    /// HTML forms write a space as `+`: `plusIsSpace`.
    package static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"),
                let decoded = [UInt8](hexadecimal: String(decoding: rest.prefix(2), as: UTF8.self)), decoded.count == 1
            {
                bytes += decoded
                rest = rest.dropFirst(2)
            } else {
                bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return bytes
    }

    /// Returns a query with each name and value encoded.
    package static func query(_ items: [(String, String)]) -> String {
        items.map { "\(encode($0.0, keepingSlash: false))=\(encode($0.1, keepingSlash: false))" }
            .joined(separator: "&")
    }
}
