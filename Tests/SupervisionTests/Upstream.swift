import SystemPackage
import TestSupport

/// A model server in Python that supports JSON, server-sent events, and WebSocket.
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
        import http.server, sys, threading
        seen = threading.Event()
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def log_message(self, *arguments): pass
            def reply(self, body, status=200):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def do_GET(self):
                if self.path == "/ws":
                    import base64, hashlib
                    assert self.headers["Upgrade"] == "websocket" and self.headers["Connection"] == "Upgrade", str(self.headers)
                    key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
                    self.wfile.write(b"HTTP/1.1 103 Early Hints\\r\\nLink: x\\r\\n\\r\\n")
                    self.send_response(101)
                    self.send_header("Upgrade", "websocket")
                    self.send_header("Connection", "Upgrade")
                    self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
                    self.end_headers()
                    while True:
                        head = self.rfile.read(2)
                        if len(head) < 2 or head[0] & 15 == 8: break
                        size = head[1] & 127
                        if size == 126: size = int.from_bytes(self.rfile.read(2), "big")
                        mask = self.rfile.read(4)
                        data = bytes(byte ^ mask[index % 4] for index, byte in enumerate(self.rfile.read(size)))
                        short = bytes([size]) if size < 126 else bytes([126]) + size.to_bytes(2, "big")
                        self.wfile.write(bytes([head[0]]) + short + data)
                    self.close_connection = True
                elif self.path.startswith("/raw"):
                    import urllib.parse
                    self.wfile.write(urllib.parse.unquote_to_bytes(self.path.split("?")[1]))
                    self.close_connection = "stay" not in self.path
                    if "stay" in self.path: self.connection.recv(1)
                elif self.path == "/fields": self.reply("".join(f"{name}: {value}\\n" for name, value in self.headers.items()).encode("latin-1"))
                elif self.path == "/events":
                    self.send_response(200)
                    self.send_header("Content-Type", "text/event-stream")
                    self.end_headers()
                    # Each one only once the one before has been seen: whoever keeps them back waits for ever.
                    for number in range(5):
                        seen.clear()
                        self.wfile.write(b"data: %d\\n\\n" % number)
                        self.wfile.flush()
                        if not seen.wait(60): break
                    self.close_connection = True
                elif self.path == "/seen":
                    seen.set()
                    self.reply(b"seen")
                elif self.path == "/big":
                    self.send_response(200)
                    self.send_header("Content-Length", str(64 << 20))
                    self.end_headers()
                    for number in range(64): self.wfile.write(b"x" * (1 << 20))
                elif self.path == "/missing": self.reply(b"missing", 404)
                else:
                    token = "token" if self.headers.get("Authorization") else "no-token"
                    self.reply(f"GET {self.path} {token}".encode())
            def do_HEAD(self):
                self.send_response(200)
                self.send_header("Content-Length", "5")
                self.end_headers()
            def do_OPTIONS(self):
                self.send_response(204)
                self.send_header("Access-Control-Allow-Origin", "*")
                self.end_headers()
            def do_POST(self):
                import hashlib
                digest = hashlib.sha256()
                if self.path == "/held":
                    # The head of the answer says that the request is here, before its body is.
                    self.send_response(200)
                    self.send_header("Content-Length", "64")
                    self.end_headers()
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
                if self.path == "/held": self.wfile.write(digest.hexdigest().encode())
                else: self.reply(digest.hexdigest().encode())
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        print(server.server_port)
        server.serve_forever()
        """

    /// Functions that all client scripts share: opening a connection and reading it to its end.
    private static let connecting = """
        import hashlib, socket, sys, time
        port = int(sys.argv[2])
        def connect():
            return socket.create_connection(("127.0.0.1", port), timeout=20)
        def everything(connection):
            pieces = []
            while True:
                pieces.append(connection.recv(65536))
                if not pieces[-1]: return b"".join(pieces)
        """

    static let client = """
        \(connecting)
        def events():
            connection = connect()
            connection.sendall(b"GET /events HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
            data, count = b"", 0
            while True:
                piece = connection.recv(65536)
                if not piece: break
                data += piece
                if data.count(b"data: ") > count:
                    count += 1
                    request(b"GET /seen HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
            assert count == 5, data
        def request(text):
            connection = connect()
            connection.sendall(text)
            return everything(connection)
        def frame(data):
            mask = b"\\x01\\x02\\x03\\x04"
            short = bytes([0x80 | len(data)]) if len(data) < 126 else bytes([0x80 | 126]) + len(data).to_bytes(2, "big")
            return b"\\x81" + short + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
        def idle():
            answer = "HTTP/1.1%20200%20OK%0D%0AContent-Length:%2010%0D%0A%0D%0Ahalf"
            relay, tunnel = connect(), connect()
            for connection in [relay, tunnel]: connection.settimeout(None)
            relay.sendall(f"GET /raw/stay?{answer} HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n".encode())
            while not relay.recv(65536).endswith(b"half"): pass
            tunnel.sendall(b"GET /ws HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n" + frame(b"early"))
            while not tunnel.recv(65536).endswith(b"early"): pass
            print("both are open", flush=True)
            assert relay.recv(1) == b""
            print("the relay is closed", flush=True)
            assert tunnel.recv(1) == b""
            print("the tunnel is closed", flush=True)
        def upgrade():
            connection = connect()
            # The first frame comes before the model has agreed, and must wait for that.
            connection.sendall(b"GET /ws HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: websocket\\r\\nConnection: keep-alive, Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n" + frame(b"early"))
            stream = connection.makefile("rb")
            lines = []
            while lines.count(b"\\r\\n") < 2: lines.append(stream.readline())
            assert lines[0].startswith(b"HTTP/1.1 103 ") and b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\\r\\n" in lines, lines
            assert stream.read(7) == b"\\x81\\x05early"
            for size in [1, 125, 126, 65000]:
                data = bytes([size % 251]) * size
                connection.sendall(frame(data))
                head = stream.read(2 if size < 126 else 4)
                assert stream.read(size) == data, size
            connection.sendall(b"\\x88\\x80\\x01\\x02\\x03\\x04")
            assert stream.read() == b""
        def refused_upgrade():
            for upgrade in [b"websocket", b"h2c", b"x"]:
                data = request(b"GET /first HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: " + upgrade + b"\\r\\nConnection: Upgrade\\r\\nHTTP2-Settings: x\\r\\n\\r\\nGET /second HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer t\\r\\n\\r\\n")
                assert b"GET /first" in data and b"/second" not in data and b"\\r\\nConnection: close\\r\\n" in data, data
            # An agreement that nobody asked for, and one on something else.
            for asks in [b"", b"Upgrade: websocket\\r\\nConnection: Upgrade\\r\\n"]:
                data = request(b"GET /raw?HTTP/1.1%20101%20X%0d%0aUpgrade:%20h2c%0d%0aConnection:%20Upgrade%0d%0a%0d%0astay HTTP/1.1\\r\\nHost: x\\r\\n" + asks + b"\\r\\n")
                assert data.startswith(b"HTTP/1.1 502 "), data
        def answers():
            for raw, expected in [
                (b"HTTP/1.1%20200%20OK%0d%0aContent-Length:%202%0d%0a%0d%0aokHTTP/1.1%20200%20stay", b"\\r\\n\\r\\nok"),
                (b"HTTP/1.1%20200%20OK%0d%0aTransfer-Encoding:%20chunked%0d%0a%0d%0a2%0d%0aok%0d%0a0%0d%0a%0d%0astay", b"2\\r\\nok\\r\\n0\\r\\n\\r\\n"),
                (b"HTTP/1.0%20200%20OK%0a%0aall%20of%20it", b"\\r\\n\\r\\nall of it"),
                (b"HTTP/1.1%20204%20No%0d%0a%0d%0astay", b"HTTP/1.1 204 No\\r\\nConnection: close\\r\\n\\r\\n"),
                (b"HTTP/1.1%20304%20Not%0d%0aContent-Length:%205%0d%0a%0d%0astay", b"Content-Length: 5\\r\\nConnection: close\\r\\n\\r\\n"),
                (b"HTTP/1.1%20100%20C%0d%0a%0d%0aHTTP/1.1%20200%20OK%0d%0aContent-Length:%202%0d%0a%0d%0aokstay", b"HTTP/1.1 100 C\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nok"),
            ]:
                data = request(b"GET /raw?" + raw + b" HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
                assert data.endswith(expected), (raw, data)
            for raw in [b"nonsense", b"HTTP/1.1%20200%20OK%0d%0aContent", b"HTTP/9%20200%20OK%0d%0a%0d%0a", b"HTTP/1.1%20200%20OK%0d%0aContent-Length:%202%0d%0aContent-Length:%203%0d%0a%0d%0aok"]:
                data = request(b"GET /raw?" + raw + b" HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
                assert data.startswith(b"HTTP/1.1 502 "), (raw, data)
            data = request(b"HEAD /x HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
            assert b"Content-Length: 5\\r\\n" in data and data.endswith(b"\\r\\n\\r\\n"), data
        def fields():
            data = request(b"GET /fields HTTP/1.1\\r\\nHost: x\\r\\nX-Name: f\\xfcr\\xff\\r\\nConnection: X-Mine\\r\\nX-Mine: 1\\r\\nTE: x\\r\\n\\r\\n")
            assert b"X-Name: f\\xfcr\\xff\\n" in data and b"X-Mine" not in data and b"TE:" not in data, data
        def bad_chunks():
            for size in [b"+5", b"0x5", b" 5", b"-1", b"5 ", b"", b"5\\n"]:
                head = b"POST /x HTTP/1.1\\r\\nHost: x\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n"
                data = request(head + size + b"\\r\\nabcde\\r\\n0\\r\\n\\r\\n")
                assert data.startswith(b"HTTP/1.1 400 "), (size, data)
                # Also where it comes when the model has begun to read.
                connection = connect()
                connection.sendall(head + b"3\\r\\nabc\\r\\n")
                time.sleep(0.1)
                connection.sendall(size + b"\\r\\nabcde\\r\\n")
                assert everything(connection).startswith(b"HTTP/1.1 400 "), size
        def expect():
            connection = connect()
            connection.sendall(b"POST /x HTTP/1.1\\r\\nHost: x\\r\\nExpect: 100-continue\\r\\nContent-Length: 3\\r\\n\\r\\n")
            stream = connection.makefile("rb")
            assert stream.readline().startswith(b"HTTP/1.1 100 ") and stream.readline() == b"\\r\\n"
            connection.sendall(b"abc")
            assert hashlib.sha256(b"abc").hexdigest().encode() in stream.read()
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
            for text in [b"\\x16\\x03\\x01\\x02\\x00" * 4 + b"\\r\\n\\r\\n", b"GET /x HTTP/1.1\\r\\nContent-Length: 1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n", b"A" * 70000, b"GET / HTTP/1.1\\nHost: x\\n\\n", b"GET / HTTP/1.1\\r\\n\\r\\n", b"GET / HTTP/1.1\\r\\nHost: a\\r\\nHost: a\\r\\n\\r\\n", b"GET / HTTP/1.1\\r\\nA: " + b"b" * 17000]:
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

    /// Many external connections against 20 places for PID 1's own responses and 20 for the model.
    static let crowd = """
        \(connecting)
        def health():
            connection = connect()
            connection.sendall(b"GET /healthz HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
            assert everything(connection).startswith(b"HTTP/1.1 200 ")
        def gone(connection):
            try: return connection.recv(1) == b""
            except ConnectionError: return True
        def idle(text=b""):
            crowd = []
            for number in range(100):
                crowd.append(connect())
                if text: crowd[-1].sendall(text)
                if number % 10 == 0: health()
            # The oldest go first, and the newest are still welcome.
            assert all(gone(connection) for connection in crowd[:70])
            crowd[-1].sendall(b"GET /healthz HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n" if not text else b"r: y\\r\\n\\r\\n")
            assert everything(crowd[-1]).startswith(b"HTTP/1.1 200 ")
        def halves(): idle(b"GET /healthz HTTP/1.1\\r\\nHost: x\\r\\nOthe")
        def slow_readers():
            crowd = []
            for number in range(60):
                crowd.append(connect())
                crowd[-1].sendall(b"GET /.caas/ HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
                if number % 10 == 0: health()
        def relayed():
            crowd = []
            for number in range(20):
                crowd.append(connect())
                crowd[-1].sendall(b"POST /held HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 10\\r\\n\\r\\n")
                head = b""
                while b"\\r\\n\\r\\n" not in head:
                    head += crowd[-1].recv(65536) or sys.exit(head.decode())
                assert head.startswith(b"HTTP/1.1 200 "), head
            one = connect()
            one.sendall(b"GET /one HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
            assert everything(one).startswith(b"HTTP/1.1 503 ")
            health()
            # Whoever is served already stays, and makes room once he is done.
            for connection in crowd: connection.sendall(b"0123456789")
            assert all(everything(connection).endswith(hashlib.sha256(b"0123456789").hexdigest().encode()) for connection in crowd)
            one = connect()
            one.sendall(b"GET /one HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
            assert b"GET /one" in everything(one)
        globals()[sys.argv[1]]()
        print("ok")
        """
}
