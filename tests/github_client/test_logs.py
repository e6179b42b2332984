"""Job logs: the redirect followed by hand, the caps, and each outcome by its name."""

import io
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ci_analysis.github import (
    Credentials,
    Forbidden,
    GitHubError,
    InstallationClient,
    LogDownload,
    LogLinkExpired,
    LogsGone,
    LogsNotReady,
    NotFound,
    RateLimited,
    RedirectRefused,
    Unavailable,
    UnexpectedAnswer,
    logs,
)
from sandbox.github import JobSpec, StandInGitHub
from tests.github_client.conftest import Place
from tests.github_client.scripted import Reply, Scripted

LOG = "".join(f"2026-11-21T10:00:00.0000000Z line {n}\n" for n in range(1, 2001)).encode()


def add_job(github: StandInGitHub, place: Place, log: bytes | Path = LOG, state: str = "ready") -> int:
    run = github.add_run(place.repository, [JobSpec(log=log, log_state=state)])
    return github.jobs(run)[0].id


def download(
    client: InstallationClient,
    place: Place,
    job_id: int,
    *,
    max_bytes: int = 10_000_000,
    max_seconds: float = 60,
) -> tuple[bytes, LogDownload]:
    into = io.BytesIO()
    result = client.download_job_log(place.name, job_id, into, max_bytes=max_bytes, max_seconds=max_seconds)
    assert result.bytes == len(into.getvalue())
    return into.getvalue(), result


def test_log_is_written_whole(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    log, result = download(client, place, add_job(github, place))
    assert log == LOG
    assert result == LogDownload(bytes=len(LOG), truncated=False, total_bytes=len(LOG), gap=None)


def test_token_is_not_sent_to_the_log_store(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    download(client, place, add_job(github, place))
    (asked,) = github.requests("GET", "/logs")
    (fetched,) = github.requests(origin="logs")
    assert "Authorization" in asked.headers
    assert "Authorization" not in fetched.headers
    assert fetched.headers["Accept-Encoding"] == "identity"


def test_log_is_written_from_where_the_file_stands(
    github: StandInGitHub, place: Place, client: InstallationClient, tmp_path: Path
) -> None:
    with (tmp_path / "log").open("w+b") as into:
        into.write(b"before")
        client.download_job_log(place.name, add_job(github, place, b"log\n"), into, max_bytes=100, max_seconds=60)
        into.seek(0)
        assert into.read() == b"beforelog\n"


def test_log_of_exactly_the_cap_is_whole(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    log, result = download(client, place, add_job(github, place), max_bytes=len(LOG))
    assert (log, result.truncated) == (LOG, False)


def test_empty_log(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    assert download(client, place, add_job(github, place, b""))[0] == b""


def test_long_log_keeps_its_first_and_last_half(
    github: StandInGitHub, place: Place, client: InstallationClient
) -> None:
    log, result = download(client, place, add_job(github, place), max_bytes=4001)
    assert result.truncated
    assert result.total_bytes == len(LOG)
    assert len(log) == 4001
    assert result.gap is not None
    assert log[: result.gap.offset - 1] == LOG[:2000]
    assert log[result.gap.offset :] == LOG[-2000:]
    assert result.gap.bytes == len(LOG) - 4000
    last = log.splitlines()[-1]
    assert last.endswith(b"line %d" % result.line_in_log(len(log.splitlines())))


@given(
    log=st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\r", b"\r\n"]), min_size=8, max_size=60).map(b"".join),
    cap=st.integers(3, 12),
    size=st.integers(1, 9),
)
def test_lines_after_the_gap_are_found_again_in_the_whole_log(log: bytes, cap: int, size: int) -> None:
    assume(len(log) > cap)
    into = io.BytesIO()
    pieces = (log[start : start + size] for start in range(0, len(log), size))
    result = logs.write_ends(pieces, into, len(log), cap, deadline=float("inf"))
    written = into.getvalue()
    assert len(written) == cap == result.bytes
    assert result.gap is not None
    tail = written[result.gap.offset :]
    assert log.endswith(tail)
    lines, lines_of_log = written.splitlines(), log.splitlines()
    for number, line in enumerate(lines, 1):
        real = lines_of_log[result.line_in_log(number) - 1]
        # The two lines at the seam are parts of theirs.
        if number == result.gap.head_lines:
            assert real.startswith(line)
        elif number == result.gap.head_lines + 1:
            assert real.endswith(line)
        else:
            assert real == line


def test_log_of_unknown_length_is_cut_at_the_cap(
    github: StandInGitHub, place: Place, client: InstallationClient, scripted: Scripted
) -> None:
    scripted.replies["GET /log"] = Reply(lambda connection: write(connection, LOG))
    github.site.links.override = f"{scripted.url}/log"
    log, result = download(client, place, add_job(github, place), max_bytes=5000)
    assert log == LOG[:5000]
    assert result == LogDownload(bytes=5000, truncated=True, total_bytes=None, gap=None)


def test_log_of_unknown_length_below_the_cap_is_whole(
    github: StandInGitHub, place: Place, client: InstallationClient, scripted: Scripted
) -> None:
    scripted.replies["GET /log"] = Reply(lambda connection: write(connection, LOG))
    github.site.links.override = f"{scripted.url}/log"
    log, result = download(client, place, add_job(github, place), max_bytes=len(LOG))
    assert (log, result.truncated, result.total_bytes) == (LOG, False, len(LOG))


def write(connection: BaseHTTPRequestHandler, body: bytes) -> None:
    connection.wfile.write(body)


def test_log_that_trickles_is_cut_when_the_time_is_over(
    github: StandInGitHub, place: Place, client: InstallationClient, scripted: Scripted
) -> None:
    def trickle(connection: BaseHTTPRequestHandler) -> None:
        connection.wfile.write(b"first\n")
        scripted.ended.wait(5)

    scripted.replies["GET /log"] = Reply(trickle)
    github.site.links.override = f"{scripted.url}/log"
    log, result = download(client, place, add_job(github, place), max_seconds=0)
    assert (log, result.truncated, result.gap) == (b"first\n", True, None)


def test_log_that_came_whole_is_whole_whatever_the_time(
    github: StandInGitHub, place: Place, client: InstallationClient
) -> None:
    log, result = download(client, place, add_job(github, place, b"log\n"), max_seconds=0)
    assert (log, result.truncated) == (b"log\n", False)


def test_long_log_whose_time_is_over_before_its_tail_has_only_a_head(
    github: StandInGitHub, place: Place, client: InstallationClient, scripted: Scripted
) -> None:
    def stall(connection: BaseHTTPRequestHandler) -> None:
        connection.wfile.write(LOG[:3000])
        scripted.ended.wait(5)

    scripted.replies["GET /log"] = Reply(stall, headers={"Content-Length": str(len(LOG))})
    github.site.links.override = f"{scripted.url}/log"
    log, result = download(client, place, add_job(github, place), max_bytes=2001, max_seconds=0)
    assert log == LOG[:1000]
    assert result == LogDownload(bytes=1000, truncated=True, total_bytes=len(LOG), gap=None)


def test_log_that_stops_is_unavailable(
    github: StandInGitHub,
    place: Place,
    credentials: Credentials,
    scripted: Scripted,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stall(connection: BaseHTTPRequestHandler) -> None:
        connection.wfile.write(b"first\n")
        scripted.ended.wait(5)

    monkeypatch.setattr(logs, "TIMEOUT", httpx.Timeout(0.05))
    scripted.replies["GET /log"] = Reply(stall)
    github.site.links.override = f"{scripted.url}/log"
    with InstallationClient(place.installation.id, credentials) as client, pytest.raises(Unavailable) as caught:
        download(client, place, add_job(github, place))
    assert caught.value.retryable


def test_log_that_is_broken_off_is_unavailable(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    github.fail("GET", "/job-logs/", "truncate", bytes=500)
    with pytest.raises(Unavailable):
        download(client, place, add_job(github, place))


def test_compressed_log_is_not_unpacked(
    github: StandInGitHub, place: Place, client: InstallationClient, scripted: Scripted
) -> None:
    scripted.replies["GET /log"] = Reply(b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    github.site.links.override = f"{scripted.url}/log"
    with pytest.raises(UnexpectedAnswer, match="compressed"):
        download(client, place, add_job(github, place))


# Outcomes


def test_link_that_expired_can_be_had_again(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    job_id = add_job(github, place)
    github.fail("GET", "/job-logs/", status=403)
    with pytest.raises(LogLinkExpired) as caught:
        download(client, place, job_id)
    assert caught.value.retryable
    assert download(client, place, job_id)[0] == LOG


def test_log_that_is_not_written_yet(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    with pytest.raises(LogsNotReady) as caught:
        download(client, place, add_job(github, place, state="pending"))
    assert caught.value.retryable


def test_log_that_the_store_does_not_have_yet(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    github.fail("GET", "/job-logs/", status=404)
    with pytest.raises(LogsNotReady):
        download(client, place, add_job(github, place))


def test_log_that_is_gone(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    with pytest.raises(LogsGone, match="expired or was deleted") as caught:
        download(client, place, add_job(github, place, state="gone"))
    assert not caught.value.retryable


def test_job_that_is_unknown(place: Place, client: InstallationClient) -> None:
    with pytest.raises(NotFound):
        download(client, place, 999_999_999)


def test_log_without_permission(github: StandInGitHub, place: Place, credentials: Credentials) -> None:
    narrow = github.install(place.repository.owner, permissions={"metadata": "read"})
    job_id = add_job(github, place)
    with InstallationClient(narrow.id, credentials) as client, pytest.raises(Forbidden, match="permission"):
        download(client, place, job_id)


@pytest.mark.parametrize(("status", "error"), [(429, RateLimited), (500, Unavailable), (503, Unavailable)])
def test_store_that_refuses_for_now(
    github: StandInGitHub, place: Place, client: InstallationClient, status: int, error: type[GitHubError]
) -> None:
    github.fail("GET", "/job-logs/", status=status)
    with pytest.raises(error) as caught:
        download(client, place, add_job(github, place))
    assert caught.value.retryable


def test_answer_that_is_no_redirect(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    github.fail("GET", "/actions/jobs/.*/logs", status=200)
    with pytest.raises(UnexpectedAnswer, match="no link"):
        download(client, place, add_job(github, place))


@pytest.mark.parametrize("status", [204, 206])
def test_store_that_answers_with_anything_but_the_log(
    github: StandInGitHub, place: Place, client: InstallationClient, scripted: Scripted, status: int
) -> None:
    scripted.replies["GET /log"] = Reply(status=status)
    github.site.links.override = f"{scripted.url}/log"
    with pytest.raises(UnexpectedAnswer):
        download(client, place, add_job(github, place))


# Where a link may lead


def test_redirect_to_another_host_is_not_followed(
    github: StandInGitHub, place: Place, client: InstallationClient
) -> None:
    github.site.links.override = "https://logs.example.com/x"
    with pytest.raises(RedirectRefused) as caught:
        download(client, place, add_job(github, place))
    assert not caught.value.retryable


def test_one_redirect_of_the_store_is_followed_under_the_same_rule(
    github: StandInGitHub, place: Place, client: InstallationClient, scripted: Scripted
) -> None:
    scripted.replies |= {
        "GET /once": Reply(status=302, headers={"Location": "/log"}),
        "GET /broken": Reply(status=302, headers={"Location": "http://[bad"}),
        "GET /away": Reply(status=302, headers={"Location": "https://logs.example.com/x"}),
        "GET /twice": Reply(status=302, headers={"Location": "/once"}),
        "GET /log": Reply(b"log\n"),
    }
    job_id = add_job(github, place)
    github.site.links.override = f"{scripted.url}/once"
    assert download(client, place, job_id)[0] == b"log\n"
    for refused in ("/away", "/twice", "/broken"):
        github.site.links.override = f"{scripted.url}{refused}"
        with pytest.raises(RedirectRefused):
            download(client, place, job_id)
    assert scripted.calls() == ["GET /once", "GET /log", "GET /away", "GET /twice", "GET /once", "GET /broken"]


GITHUB_COM = Credentials(app_id="1", private_key="", log_hosts=("blob.core.windows.net", ".Actions.GitHub.test", ""))
LOOPBACK = replace(GITHUB_COM, api_url="http://127.0.0.1:8001/api/v3")


@pytest.mark.parametrize(
    ("credentials_used", "link"),
    [
        (GITHUB_COM, "https://productionresultssa1.blob.core.windows.net/a?sig=b"),
        (GITHUB_COM, "https://BLOB.core.windows.NET/a"),
        (GITHUB_COM, "https://x.actions.github.test/a"),
        (LOOPBACK, "https://x.blob.core.windows.net/a"),
        (LOOPBACK, "http://127.0.0.1:9999/a"),
        (LOOPBACK, "http://localhost:9999/a"),
        (LOOPBACK, "http://[::1]:9999/a"),
    ],
)
def test_links_that_are_followed(credentials_used: Credentials, link: str) -> None:
    assert logs.is_allowed(httpx.URL(link), credentials_used)


@pytest.mark.parametrize(
    "link",
    [
        "http://x.blob.core.windows.net/a",
        "ftp://x.blob.core.windows.net/a",
        "https://xblob.core.windows.net/a",
        "https://blob.core.windows.net.example.com/a",
        "https://blob.core.windows.net./a",
        "https://core.windows.net/a",
        "https://blob.core.windows.net@example.com/a",
        "https://user:secret@x.blob.core.windows.net/a",
        "https://example.com/blob.core.windows.net",
        "http://127.0.0.1/a",
        "https://127.0.0.1/a",
        "https://localhost/a",
        "https://10.0.0.1/a",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/a",
        "https://[fd00::1]/a",
        "https://2130706433/a",
        "https://0x7f.1/a",
        "/a",
    ],
)
def test_links_that_are_refused(link: str) -> None:
    assert not logs.is_allowed(httpx.URL(link), GITHUB_COM)


@pytest.mark.parametrize(
    "link", ["https://10.0.0.1/a", "http://169.254.169.254/a", "ftp://127.0.0.1/a", "http://0.0.0.0/a"]
)
def test_links_that_are_refused_also_where_github_is_on_loopback(link: str) -> None:
    assert not logs.is_allowed(httpx.URL(link), LOOPBACK)


@pytest.mark.parametrize("link", ["https://10.0.0.1/a", "https://[fd00::1]/a"])
def test_address_is_refused_even_if_it_is_listed(link: str) -> None:
    listed = replace(GITHUB_COM, log_hosts=("10.0.0.1", "1", "fd00::1"))
    assert not logs.is_allowed(httpx.URL(link), listed)


def lines(count: int) -> Iterator[bytes]:
    for number in range(count):
        yield b"2026-11-21T10:00:00.0000000Z %d\n" % number


def test_log_of_millions_of_lines_is_streamed(
    github: StandInGitHub, place: Place, client: InstallationClient, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"".join(lines(300_000)))
    result = download(client, place, add_job(github, place, log), max_bytes=1_000_000)[1]
    assert result.truncated
    assert result.gap is not None
    assert result.gap.lines > 250_000
