import Testing

@testable import Registry

@Suite struct NetrcTests {
    @Test(arguments: [
        ("machine a login u password p", ["a u p"]),
        ("machine a\n\tlogin u\n\tpassword p\nmachine b login v password q\n", ["a u p", "b v q"]),
        ("machine a login u password \"p q\\\"r\"", ["a u p q\"r"]),
        ("# machine x login y password z\nmachine a login u account c password p#1", ["a u p#1"]),
        ("macdef init\nmachine x login y password z\n\nmachine a login u password p", ["a u p"]),
        ("default login u password p", []),
        ("machine a login u\nmachine b password q", ["b  q"]),
        ("machine", []), ("", []), ("macdef", []), ("machine a login u password", []),
    ])
    func `machines with a password are found`(text: String, expected: [String]) {
        #expect(Netrc.logins(in: text).map { "\($0.machine) \($0.user) \($0.password)" } == expected)
    }
}
