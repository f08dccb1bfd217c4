/// HTML's named characters that are not letters: <https://html.spec.whatwg.org/multipage/named-characters.html>.
enum HTMLEntity {
    private static let named: [String: UInt8] = [
        "amp": UInt8(ascii: "&"), "AMP": UInt8(ascii: "&"), "lt": UInt8(ascii: "<"), "gt": UInt8(ascii: ">"),
        "quot": UInt8(ascii: "\""), "QUOT": UInt8(ascii: "\""), "apos": UInt8(ascii: "'"), "nbsp": UInt8(ascii: " "),
        "excl": UInt8(ascii: "!"), "num": UInt8(ascii: "#"), "dollar": UInt8(ascii: "$"),
        "percnt": UInt8(ascii: "%"), "lpar": UInt8(ascii: "("), "rpar": UInt8(ascii: ")"), "ast": UInt8(ascii: "*"),
        "plus": UInt8(ascii: "+"), "comma": UInt8(ascii: ","), "period": UInt8(ascii: "."),
        "sol": UInt8(ascii: "/"), "colon": UInt8(ascii: ":"), "semi": UInt8(ascii: ";"),
        "equals": UInt8(ascii: "="), "quest": UInt8(ascii: "?"), "commat": UInt8(ascii: "@"),
        "lsqb": UInt8(ascii: "["), "lbrack": UInt8(ascii: "["), "bsol": UInt8(ascii: "\\"),
        "rsqb": UInt8(ascii: "]"), "rbrack": UInt8(ascii: "]"), "Hat": UInt8(ascii: "^"),
        "lowbar": UInt8(ascii: "_"), "grave": UInt8(ascii: "`"), "lcub": UInt8(ascii: "{"),
        "lbrace": UInt8(ascii: "{"), "verbar": UInt8(ascii: "|"), "vert": UInt8(ascii: "|"),
        "rcub": UInt8(ascii: "}"), "rbrace": UInt8(ascii: "}"), "Tab": 0x09, "NewLine": 0x0A,
    ]
    static let longest = 8

    /// The characters, keyed by the name's ASCII letters packed into one number, one byte per letter.
    static let bytes = Dictionary(
        uniqueKeysWithValues: named.map { name, byte in (name.utf8.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }, byte) })
}
