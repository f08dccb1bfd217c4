import SystemPackage
import TestSupport

/// A model server in Python that speaks what models speak: JSON, server-sent events, and an upgraded connection.
final class Upstream: Sendable {
    struct Failure: Error {}

    let port: Int
    private let program: RunningProgram
    private let folder: TemporaryFolder

    init() async throws {
        folder = try TemporaryFolder()
        let program = try RunningProgram(Checkout.python, ["-u", "-c", Self.server], log: folder("log"))
        self.program = program
        let port = try await eventually { program.printed.contains("\n") ? Int(program.printed.dropLast()) : nil }
        guard let port else { throw Failure() }
        self.port = port
    }

    private static let server = """
        import http.server, time, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def log_message(self, *arguments): pass
            def reply(self, body, status=200):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def do_GET(self):
                if self.headers.get("Upgrade"):
                    self.wfile.write(b"HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: echo\\r\\nConnection: Upgrade\\r\\n\\r\\n")
                    while True:
                        data = self.connection.recv(65536)
                        if not data: break
                        self.connection.sendall(data.upper())
                    self.close_connection = True
                elif self.path == "/events":
                    self.send_response(200)
                    self.send_header("Content-Type", "text/event-stream")
                    self.end_headers()
                    for number in range(5):
                        self.wfile.write(b"data: %d %f\\n\\n" % (number, time.time()))
                        self.wfile.flush()
                        time.sleep(0.3)
                    self.close_connection = True
                elif self.path == "/big":
                    self.send_response(200)
                    self.send_header("Content-Length", str(64 << 20))
                    self.end_headers()
                    for number in range(64): self.wfile.write(b"x" * (1 << 20))
                elif self.path == "/missing": self.reply(b"missing", 404)
                else:
                    token = "token" if self.headers.get("Authorization") else "no-token"
                    self.reply(f"GET {self.path} {token}".encode())
            def do_POST(self):
                import hashlib
                digest = hashlib.sha256()
                if self.headers.get("Transfer-Encoding"):
                    while True:
                        size = int(self.rfile.readline(), 16)
                        digest.update(self.rfile.read(size))
                        self.rfile.readline()
                        if size == 0: break
                else:
                    left = int(self.headers["Content-Length"])
                    while left:
                        data = self.rfile.read(min(left, 1 << 16))
                        left -= len(data)
                        digest.update(data)
                self.reply(digest.hexdigest().encode())
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        print(server.server_port)
        server.serve_forever()
        """

    static let client = """
        import hashlib, socket, sys, time
        port = int(sys.argv[2])
        def connect():
            return socket.create_connection(("127.0.0.1", port), timeout=20)
        def everything(connection):
            pieces = []
            while True:
                pieces.append(connection.recv(65536))
                if not pieces[-1]: return b"".join(pieces)
        def events():
            connection = connect()
            connection.sendall(b"GET /events HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
            data, late = b"", 0
            while True:
                piece = connection.recv(65536)
                if not piece: break
                for line in piece.split(b"\\n"):
                    if line.startswith(b"data: "): late = max(late, time.time() - float(line.split()[2]))
                data += piece
            assert data.count(b"data: ") == 5 and late < 0.25, (late, data)
        def upgrade():
            connection = connect()
            connection.sendall(b"GET /ws HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: echo\\r\\nConnection: Upgrade\\r\\n\\r\\n")
            data = b""
            while not data.endswith(b"\\r\\n\\r\\n"): data += connection.recv(65536)
            assert data.startswith(b"HTTP/1.1 101 "), data
            for number in range(20):
                connection.sendall(b"ping%d" % number)
                answer = b""
                while answer != b"PING%d" % number: answer += connection.recv(65536)
        def upload():
            body = bytes(range(256)) * 40000
            connection = connect()
            connection.sendall(b"POST /x HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body))
            connection.sendall(body)
            assert hashlib.sha256(body).hexdigest().encode() in everything(connection)
            connection = connect()
            connection.sendall(b"POST /x HTTP/1.1\\r\\nHost: x\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n")
            for start in range(0, len(body), 70001):
                piece = body[start:start + 70001]
                connection.sendall(b"%x\\r\\n" % len(piece) + piece + b"\\r\\n")
            connection.sendall(b"0\\r\\n\\r\\n")
            assert hashlib.sha256(body).hexdigest().encode() in everything(connection)
        def slow_reader():
            connection = connect()
            connection.sendall(b"GET /big HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
            time.sleep(1)
            count = len(everything(connection))
            assert count > 64 << 20, count
        def slow_head():
            connection = connect()
            for byte in b"GET /v1/x HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n":
                connection.sendall(bytes([byte]))
                time.sleep(0.01)
            assert b"GET /v1/x" in everything(connection)
        def second_request():
            connection = connect()
            connection.sendall(b"GET /first HTTP/1.1\\r\\nHost: x\\r\\n\\r\\nGET /second HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
            data = everything(connection)
            assert b"GET /first" in data and b"/second" not in data, data
        def garbage():
            for text in [b"\\x16\\x03\\x01\\x02\\x00" * 4 + b"\\r\\n\\r\\n", b"GET /x HTTP/1.1\\r\\nContent-Length: 1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n", b"A" * 70000]:
                connection = connect()
                connection.sendall(text)
                assert everything(connection).startswith(b"HTTP/1.1 4"), text[:20]
        def half_close():
            connection = connect()
            connection.sendall(b"GET /v1/x HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
            connection.shutdown(socket.SHUT_WR)
            assert b"GET /v1/x" in everything(connection)
        globals()[sys.argv[1]]()
        print("ok")
        """
}
