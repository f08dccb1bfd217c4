"""Serves a finished model: GET /health, and GET /complete?prompt=TEXT[&length=N][&temperature=T][&seed=N]."""

import argparse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np

from model import Model


class Handler(BaseHTTPRequestHandler):
    model: Model

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/health":
            self.answer(200, "ok\n")
        elif url.path == "/complete":
            self.complete(parse_qs(url.query))
        else:
            self.answer(404, "ask for /complete?prompt=TEXT\n")

    def complete(self, query: dict[str, list[str]]) -> None:
        try:
            prompt = query.get("prompt", [""])[0]
            length = min(max(int(query.get("length", ["200"])[0]), 1), 2000)
            temperature = min(max(float(query.get("temperature", ["0.5"])[0]), 0.05), 5.0)
            seed = int(query["seed"][0]) if "seed" in query else None
            random = np.random.default_rng(seed)
        except ValueError as error:
            return self.answer(400, f"{error}\n")
        self.answer(200, f"{prompt}{self.model.complete(prompt, length, temperature, random)}\n")

    def answer(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    # Loaded before the port is opened: whoever gets an answer gets one from the trained weights.
    Handler.model = Model.load(arguments.model / "model.npz", arguments.model / "meta.json")
    server = ThreadingHTTPServer((arguments.host, arguments.port), Handler)
    print(f"serving on {arguments.host}:{arguments.port}")
    server.serve_forever()


if __name__ == "__main__":
    main()
