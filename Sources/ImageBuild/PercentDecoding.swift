extension StringProtocol {
    /// The decoded bytes of a part of a URL; a percent sign without two hexadecimal digits is kept.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc3986#section-2.1>
    var percentDecoded: [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%"), rest.count >= 2,
                let decoded = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            else {
                bytes.append(byte)
                continue
            }
            bytes.append(decoded)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
