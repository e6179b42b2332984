"""Those who speak with the stand-in GitHub in its tests: an App, and its webhook door."""

import functools
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from werkzeug.wrappers import Request, Response

from sandbox.github.models import Installation

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

AppJwt = Callable[..., str]
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # loading them takes a tenth of a second a client


@functools.cache
def loaded(pem: str) -> RSAPrivateKey:
    """Reading a key checks its primes, which takes as long."""
    key = load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, RSAPrivateKey)
    return key


def client(*, base_url: str = "", headers: dict[str, str] | None = None) -> httpx.Client:
    return httpx.Client(base_url=base_url, headers=headers, verify=NO_CERTIFICATES, trust_env=False)


def new_token(as_app: httpx.Client, installation: Installation, **narrowed: object) -> str:
    answer = as_app.post(f"/app/installations/{installation.id}/access_tokens", json=narrowed)
    answer.raise_for_status()
    token: str = answer.json()["token"]
    return token


@dataclass
class Receiver:
    """A webhook door that keeps what comes. `status` is what it answers."""

    url: str = ""
    status: int = 202
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        self.received.append((dict(request.headers.items()), request.get_data()))
        return Response(status=self.status)(environ, start_response)
