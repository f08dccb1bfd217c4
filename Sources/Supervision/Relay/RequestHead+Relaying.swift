extension RequestHead {
    /// The head as the model server gets it: one request a connection, and without what opens our own page.
    func relayed(hiding token: String?) -> [UInt8] {
        let dropped: Set<String> = ["connection", "keep-alive", "proxy-connection", "proxy-authorization", "te"]
        var text = "\(method) \(target) \(version)\r\n"
        for field in fields where !dropped.contains(field.name.lowercased()) {
            guard let value = Self.shown(field, hiding: token) else { continue }
            text += "\(field.name): \(value)\r\n"
        }
        // With `close` a client's next request cannot pass on this connection without being looked at.
        text += "Connection: \(wantsUpgrade ? "Upgrade" : "close")\r\n\r\n"
        return Array(text.utf8)
    }

    private static func shown(_ field: Field, hiding token: String?) -> String? {
        guard let token else { return field.value }
        switch field.name.lowercased() {
        case "authorization": return field.value.hasSuffix(token) ? nil : field.value
        case "cookie":
            let others = field.value.split(separator: ";").filter { !$0.contains(AccessToken.cookie + "=") }
            return others.isEmpty ? nil : others.joined(separator: ";")
        default: return field.value
        }
    }
}
