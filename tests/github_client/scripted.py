"""A server that answers what it is told, for what neither GitHub nor its stand-in would say."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """`body` may be a function that writes to the connection itself, after the headers."""

    body: bytes | Callable[[BaseHTTPRequestHandler], None] = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """`call` is "METHOD /path"; the names of the headers are in lower case."""

    call: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Scripted:
    """`replies` by "METHOD /path"; anything else is answered 404."""

    url: str
    replies: dict[str, Reply] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    def calls(self) -> list[str]:
        return [seen.call for seen in self.seen]


@contextmanager
def serving() -> Iterator[Scripted]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    Handler.script = script = Scripted(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield script
    script.ended.set()
    server.shutdown()
    server.server_close()
    thread.join()


class Handler(BaseHTTPRequestHandler):
    script: Scripted
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        seen = Seen(f"{self.command} {self.path}", {k.lower(): v for k, v in self.headers.items()}, body)
        self.script.seen.append(seen)
        reply = self.script.replies.get(seen.call, Reply(status=404))
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if isinstance(reply.body, bytes):
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)
        else:
            self.close_connection = True
            self.end_headers()
            reply.body(self)

    do_GET = do_POST = do_PATCH = do_DELETE = answer

    def handle(self) -> None:
        self.script.connections += 1
        try:
            super().handle()
        except ConnectionError:
            return  # the client left early, as some tests want it to

    def log_message(self, format: str, *arguments: Any) -> None:
        return
