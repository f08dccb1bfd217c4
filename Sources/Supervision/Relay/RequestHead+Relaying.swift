extension RequestHead {
    /// Returns the head for the model server: one request per connection, without the token and the cookie.
    func relayed(hiding token: PageToken) -> [UInt8] {
        var relayed: [HeadField] = []
        for field in fields.endToEnd {
            if let shown = token.hidden(in: field) { relayed.append(shown) }
        }
        if wantsWebSocket {
            relayed.append(HeadField("Upgrade", "websocket".utf8))
            relayed.append(HeadField("Connection", "Upgrade".utf8))
        } else {
            // With `close`, the client's next request cannot pass on this connection without being checked.
            relayed.append(HeadField("Connection", "close".utf8))
        }
        var bytes = Array("\(method) \(target) \(version)\r\n".utf8)
        bytes += relayed.lines
        bytes += "\r\n".utf8
        return bytes
    }
}
