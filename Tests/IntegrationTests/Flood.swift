import TestSupport

/// Clients that open as many connections as they can, send partial or invalid requests, and read no responses.
enum Flood {
    /// Opens `count` connections, and checks in between that the page still answers.
    static func run(port: Int, count: Int) async throws -> Command.Outcome {
        try await Command(Checkout.python, ["-c", script, "\(port)", "\(count)"]).run()
    }

    private static let script = """
        import socket, sys, time
        port, count = int(sys.argv[1]), int(sys.argv[2])
        texts = [b"", b"GET /", b"GET /x HTTP/1.1\\r\\nHost: x\\r\\nA: ", b"\\x16\\x03\\x01", b"GET /.caas/ HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"]
        def health():
            started = time.time()
            with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
                connection.sendall(b"GET /healthz HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
                connection.settimeout(30)
                assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
            return time.time() - started
        crowd, opened, slowest = [], 0, 0
        while opened < count:
            connection = socket.create_connection(("127.0.0.1", port), timeout=30)
            connection.setblocking(False)
            opened += 1
            crowd.append(connection)
            # Some drip on, of which many were cut off already.
            for one in crowd[-1:] if opened % 50 else crowd[-300:]:
                try: one.send(texts[opened % len(texts)] or b"x")
                except OSError: pass
            if len(crowd) > 1500:
                for connection in crowd[:500]: connection.close()
                crowd = crowd[500:]
            if opened % 250 == 0: slowest = max(slowest, health())
        print("opened", opened, "slowest", slowest)
        """
}
