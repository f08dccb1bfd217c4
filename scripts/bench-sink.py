"""An S3 server that takes every byte and keeps none, so that a client and not the server is measured.

usage: bench-sink.py PORT-FILE [CERTIFICATE KEY]

With SINK_FILE=FILE every bucket has that file's content under the key "served", which goes out by sendfile: what a client does
with it is what takes time then.

nginx takes bodies faster, but knows no multipart upload, which all four clients use. This one reads into a buffer that it
reuses, a thread for each connection, and Python holds its lock only between the reads: it takes several times what any of the
clients sends. It remembers sizes and metadata, which is what clients ask for afterwards, and checks no signature.
"""

import base64
import hashlib
import os
import socket
import ssl
import sys
import threading
import urllib.parse
from email.utils import formatdate
from xml.sax.saxutils import escape

objects = {}
uploads = {}
lock = threading.Lock()
served = os.environ.get("SINK_FILE")


class Closed(Exception):
    pass


class Connection:
    def __init__(self, connection):
        self.connection = connection
        self.buffer = memoryview(bytearray(1 << 20))
        self.start = self.end = 0

    def fill(self):
        if self.start == self.end:
            self.start = self.end = 0
        count = self.connection.recv_into(self.buffer[self.end:])
        if count == 0:
            raise Closed
        self.end += count

    def head(self):
        """The request line and the fields in lower case."""
        while True:
            text = bytes(self.buffer[self.start:self.end])
            stop = text.find(b"\r\n\r\n")
            if stop >= 0:
                self.start += stop + 4
                lines = text[:stop].decode("latin-1").split("\r\n")
                return lines[0].split(" "), dict(
                    (name.lower(), value.strip()) for name, value in (line.split(":", 1) for line in lines[1:]))
            self.fill()

    def skip(self, length, kept=0):
        """Reads a body and throws it away, but for its first bytes."""
        body = b""
        while length > 0:
            if self.start == self.end:
                self.fill()
            count = min(length, self.end - self.start)
            if len(body) < kept:
                body += bytes(self.buffer[self.start:self.start + min(count, kept - len(body))])
            self.start += count
            length -= count
        return body

    def line(self):
        while True:
            text = bytes(self.buffer[self.start:self.end])
            stop = text.find(b"\r\n")
            if stop >= 0:
                self.start += stop + 2
                return text[:stop]
            self.fill()

    def skip_chunks(self):
        total = 0
        while True:
            length = int(self.line().split(b";")[0], 16)
            total += length
            self.skip(length)
            self.line()
            if length == 0:
                return total

    def answer(self, status, fields=(), body=b"", length=None):
        lines = [f"HTTP/1.1 {status} .", f"Date: {formatdate(usegmt=True)}", f"Content-Length: {len(body) if length is None else length}"]
        lines += [f"{name}: {value}" for name, value in fields]
        self.connection.sendall("\r\n".join(lines + ["", ""]).encode("latin-1") + body)

    def serve(self):
        (method, target, _), fields = self.head()
        if fields.get("expect", "").lower() == "100-continue":
            self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        path, _, query = target.partition("?")
        query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        if fields.get("transfer-encoding", "").lower() == "chunked":
            size, body = self.skip_chunks(), b""
        else:
            size = int(fields.get("content-length", 0))
            body = self.skip(size, kept=1 << 20 if method == "POST" else 0)
        size = int(fields.get("x-amz-decoded-content-length", size))
        _, bucket, key = (urllib.parse.unquote(path) + "//").split("/", 2)
        self.react(method, bucket, key.rstrip("/"), query, fields, size, body)

    def react(self, method, bucket, key, query, fields, size, body):
        metadata = [(name, value) for name, value in fields.items() if name.startswith("x-amz-meta-")]
        place = (bucket, key)
        if method == "POST" and "uploads" in query:
            with lock:
                name = f"upload{len(uploads)}"
                uploads[name] = {"metadata": metadata, "parts": {}}
            self.xml(f"<InitiateMultipartUploadResult><Bucket>{escape(bucket)}</Bucket><Key>{escape(key)}</Key>"
                     f"<UploadId>{name}</UploadId></InitiateMultipartUploadResult>")
        elif method == "POST" and "uploadId" in query:
            upload = uploads[query["uploadId"]]
            parts = [upload["parts"][number] for number in sorted(upload["parts"])]
            digests = [digest for _, digest in parts]
            etag = f"{hashlib.md5(bytes.fromhex(''.join(digests))).hexdigest()}-{len(parts)}" if all(digests) else "sink"
            objects[place] = (sum(length for length, _ in parts), etag, upload["metadata"])
            self.xml(f"<CompleteMultipartUploadResult><Bucket>{escape(bucket)}</Bucket><Key>{escape(key)}</Key>"
                     f"<ETag>&quot;{etag}&quot;</ETag></CompleteMultipartUploadResult>")
        elif method == "PUT":
            # A client that says its MD5 is believed; the others get no ETag that they could compare.
            digest = base64.b64decode(fields["content-md5"]).hex() if "content-md5" in fields else ""
            if "uploadId" in query:
                uploads[query["uploadId"]]["parts"][int(query["partNumber"])] = (size, digest)
            elif key:
                objects[place] = (size, digest or "sink", metadata)
            self.answer(200, [("ETag", f'"{digest or "sink"}"')])
        elif method in ("GET", "HEAD") and served and key == "served":
            self.serve_file(method, fields)
        elif method == "HEAD" and key:
            if place in objects:
                length, etag, metadata = objects[place]
                self.answer(200, [("ETag", f'"{etag}"'), ("Last-Modified", formatdate(usegmt=True))] + metadata, length=length)
            else:
                self.answer(404)
        elif method == "GET" and not key:
            prefix = query.get("prefix", "")
            with lock:
                found = sorted((name, value) for (place, name), value in objects.items() if name.startswith(prefix))
            contents = "".join(
                f"<Contents><Key>{escape(name)}</Key><Size>{value[0]}</Size><ETag>&quot;{value[1]}&quot;</ETag>"
                "<LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>" for name, value in found)
            self.xml(f"<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>")
        elif method == "DELETE":
            objects.pop(place, None)
            self.answer(204)
        else:
            self.answer(200 if not key else 404)

    def serve_file(self, method, fields):
        with open(served, "rb") as file:
            total = os.fstat(file.fileno()).st_size
            start, end, status, extra = 0, total, 200, []
            if method == "GET" and "range" in fields:
                first, last = fields["range"].removeprefix("bytes=").split("-")
                start, end, status = int(first), min(int(last or total), total - 1) + 1, 206
                extra = [("Content-Range", f"bytes {start}-{end - 1}/{total}")]
            self.answer(status, [("ETag", '"sink"'), ("Last-Modified", formatdate(0, usegmt=True)), ("Accept-Ranges", "bytes")] + extra,
                        length=end - start)
            while method == "GET" and start < end:
                start += os.sendfile(self.connection.fileno(), file.fileno(), start, end - start)

    def xml(self, text):
        body = text.encode()
        self.answer(200, [("Content-Type", "application/xml")], body)


def converse(connection, context):
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context:
            connection = context.wrap_socket(connection, server_side=True)
        conversation = Connection(connection)
        while True:
            conversation.serve()
    except (Closed, OSError):
        pass
    finally:
        connection.close()


def main():
    context = None
    if len(sys.argv) == 4:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    with open(sys.argv[1] + ".new", "w") as file:
        file.write(str(listener.getsockname()[1]))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=converse, args=(connection, context), daemon=True).start()


main()
