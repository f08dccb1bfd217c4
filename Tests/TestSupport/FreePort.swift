import Glibc
private import Synchronization

/// Finds loopback ports for servers that cannot choose a free port themselves.
package enum FreePort {
    /// Below the kernel's ephemeral ports, from which an outgoing connection could take a port before its use.
    private static let range = 10240..<32768
    private static let next = Atomic(Int.random(in: range))

    /// Returns this number of different free ports, none of which another test of this process gets.
    package static func find(_ count: Int) -> [Int] {
        var found: [Int] = []
        for _ in range where found.count < count {
            let port = range.lowerBound + next.add(1, ordering: .relaxed).newValue % range.count
            if isFree(port) { found.append(port) }
        }
        return found
    }

    private static func isFree(_ port: Int) -> Bool {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = in_port_t(port).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(socket, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
