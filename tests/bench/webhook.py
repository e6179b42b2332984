"""How fast the door answers: signed deliveries from 16 senders, beside a bare view in the same server.

    make bench

Rounds of both are interleaved, since machines are shared and noisy: read the ratio, then the milliseconds.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import django
from celery import current_app
from django.core.management import call_command

SENDERS = 16
ROUNDS = 5
DELIVERIES_A_ROUND = 400
# GitHub's payload of a workflow_run is about 20 kB (facts: 20.5 kB measured); the filler stands for what we don't read.
FILLER = {f"field_{number}": "x" * 90 for number in range(190)}
AIM_P95_MS = 50


def body(number: int) -> bytes:
    payload = {
        "action": "completed",
        "installation": {"id": 1},
        "repository": {"id": 2, "full_name": "halden/ledger", "default_branch": "main", "private": True},
        "workflow_run": {"id": number, "run_attempt": 1, "conclusion": "failure", **FILLER},
    }
    return json.dumps(payload).encode()


def headers(content: bytes) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "X-GitHub-Event": "workflow_run",
        "X-GitHub-Delivery": str(uuid.uuid4()),
        "X-Hub-Signature-256": "sha256=" + hmac.new(b"bench", content, hashlib.sha256).hexdigest(),
    }


def send(port: int, path: str, count: int) -> list[float]:
    """Milliseconds of each of `count` deliveries over one connection. Anything but 202 ends the bench."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    took = []
    for number in range(count):
        content = body(number)
        head = headers(content)
        begin = time.perf_counter()
        connection.request("POST", path, content, head)
        answer = connection.getresponse()
        answer.read()
        took.append((time.perf_counter() - begin) * 1000)
        if answer.status != 202:
            raise SystemExit(f"{path} answered {answer.status}")
    connection.close()
    return took


def round_of(port: int, path: str) -> list[float]:
    with ThreadPoolExecutor(SENDERS) as pool:
        parts = pool.map(lambda _: send(port, path, DELIVERIES_A_ROUND // SENDERS), range(SENDERS))
        return [took for part in parts for took in part]


@contextmanager
def server() -> Iterator[int]:
    """gunicorn as in docs/operate.md: two processes of 8 threads."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = ["-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2"]
    command += ["--threads", "8", "--log-level", "error"]
    process = subprocess.Popen([sys.executable, *command], stderr=subprocess.DEVNULL)  # its log
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


def percentile(values: list[float], share: float) -> float:
    return statistics.quantiles(values, n=1000)[round(share * 1000) - 1]


def prepare_database() -> None:
    from django.db import connection, connections

    with connection._nodb_cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS fixci_bench WITH (FORCE)")
        cursor.execute("CREATE DATABASE fixci_bench")
    call_command("migrate", verbosity=0)
    connections.close_all()


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.webhook_settings"
    django.setup()
    prepare_database()
    taken: dict[str, list[float]] = {"/bare": [], "/github/webhook": []}
    with server() as port:
        for path in taken:
            round_of(port, path)  # not counted: imports, pools, caches
        for _ in range(ROUNDS):
            for path, times in taken.items():
                times += round_of(port, path)
    current_app.control.purge()  # no worker has run
    report(taken)


def report(taken: dict[str, list[float]]) -> None:
    bare, door = taken["/bare"], taken["/github/webhook"]
    print(f"webhook acknowledgement, {SENDERS} senders, {len(door):,} deliveries of {len(body(1)):,} bytes")
    print(f"{'':14}{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}")
    for name, times in (("bare view", bare), ("the door", door)):
        print(f"{name:14}" + "".join(f"{percentile(times, share):10.1f}" for share in (0.5, 0.95, 0.99)))
    ratios = (percentile(door, share) / percentile(bare, share) for share in (0.5, 0.95, 0.99))
    print(f"{'ratio':14}" + "".join(f"{ratio:10.2f}" for ratio in ratios))
    print(f"aim: p95 under {AIM_P95_MS} ms: {'met' if percentile(door, 0.95) < AIM_P95_MS else 'missed'}")


if __name__ == "__main__":
    main()
