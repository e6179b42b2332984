"""The two HTTP servers: the API with the pages, and the log host. Loopback only, one thread a connection."""

import logging
import socket
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from werkzeug.exceptions import NotFound
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Request, Response

from . import control, web
from .faults import AnswerLost
from .rest import router
from .site import API_PREFIX, RecordedRequest, Site

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HOST = "127.0.0.1"
POLL = 0.02  # seconds in which a server notices that it is to stop
Handler = Callable[[Request], Response]

logging.getLogger("werkzeug").setLevel(logging.ERROR)


class PortTaken(Exception):
    """The port asked for is in use."""


def bind(port: int) -> BaseWSGIServer:
    """A server that has its port and answers nothing yet. `port` 0: a free one. Raises PortTaken."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
        except OSError as error:
            raise PortTaken(f"port {port} of {HOST} can't be had: {error.strerror}") from None
        listening.listen(128)
        return make_server(HOST, port, NotFound(), threaded=True, fd=listening.fileno())


def origin(server: BaseWSGIServer) -> str:
    return f"http://{HOST}:{server.port}"


def serve(server: BaseWSGIServer, application: "WSGIApplication") -> threading.Thread:
    server.app = application
    thread = threading.Thread(target=server.serve_forever, args=(POLL,), name="stand-in-github", daemon=True)
    thread.start()
    return thread


def shut_down(*servers: BaseWSGIServer) -> None:
    """All at once: each takes up to POLL to notice."""
    stopping = [threading.Thread(target=server.shutdown) for server in servers]
    for thread in stopping:
        thread.start()
    for thread, server in zip(stopping, servers, strict=True):
        thread.join()
        server.server_close()


def main_application(site: Site) -> "WSGIApplication":
    def handle(request: Request) -> Response:
        if request.path.startswith(f"{API_PREFIX}/"):
            path = request.path.removeprefix(API_PREFIX)
            return _recorded(site, "api", request, path, lambda: router.answer(site, request))
        return control.answer(site, request) if request.path.startswith(control.PREFIX) else web.answer(site, request)

    def handle_and_save(request: Request) -> Response:
        try:
            return handle(request)
        finally:
            if request.method != "GET":
                site.save()

    return _wsgi(handle_and_save)


def log_application(site: Site) -> "WSGIApplication":
    def handle(request: Request) -> Response:
        return _recorded(site, "logs", request, request.path, lambda: site.links.serve(request))

    return _wsgi(handle)


def _wsgi(handle: Handler) -> "WSGIApplication":
    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        try:
            response = handle(Request(environ))
        except AnswerLost:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise
        return response(environ, start_response)

    return application


def _recorded(site: Site, name: str, request: Request, path: str, handle: Callable[[], Response]) -> Response:
    """With faults applied, and kept in the list of requests; a lost answer is kept with status 0."""
    body, status = request.get_data(), 0
    try:
        response = site.faults.answer(request, path, handle)
        status = response.status_code
    finally:
        query = request.query_string.decode()
        headers = {key: value for key, value in request.headers.items() if key != "Authorization"}
        headers |= {"Authorization": "present"} if "Authorization" in request.headers else {}
        site.requests.append(RecordedRequest(name, request.method, path, query, headers, body, status))
    return response
