"""Each refusal of GitHub has one class, with whether and when to try again and a sentence for a reader."""

import json
import time
from collections.abc import Callable

import httpx
import pytest
import time_machine

import ci_analysis.github
from ci_analysis.github import (
    Credentials,
    Forbidden,
    GitHubError,
    Gone,
    InstallationClient,
    NotFound,
    RateLimited,
    Suspended,
    Unauthorized,
    Unavailable,
    UnexpectedAnswer,
    Validation,
    connection,
)
from ci_analysis.github.errors import error_for
from sandbox.github import StandInGitHub
from tests.github_client.conftest import Place

SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


def answer(status: int, message: str = "", **headers: str) -> GitHubError:
    named = httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return error_for(status, named, json.dumps({"message": message}).encode())


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (400, "Bad", Validation),
        (401, "Bad credentials", Unauthorized),
        (403, "Resource not accessible by integration", Forbidden),
        (403, "This installation has been suspended", Suspended),
        (404, "Not Found", NotFound),
        (409, "Git Repository is empty.", Validation),
        (410, "Gone", Gone),
        (418, "", UnexpectedAnswer),
        (422, "Validation Failed", Validation),
        (429, "", RateLimited),
        (500, "", Unavailable),
        (502, "<html>", Unavailable),
        (503, "", Unavailable),
    ],
)
def test_status_has_its_class(status: int, message: str, kind: type[GitHubError]) -> None:
    error = answer(status, message, x_github_request_id="C0FF:EE")
    assert type(error) is kind
    assert (error.status, error.request_id) == (status, "C0FF:EE")
    assert error.retryable == (kind in (RateLimited, Unavailable))


@pytest.mark.parametrize(
    ("status", "message", "headers", "wait", "secondary"),
    [
        (403, "", {"retry_after": "30"}, 30, True),
        (429, "", {"retry_after": "0"}, 1, True),
        (403, SECONDARY, {}, 60, True),
        (429, "", {}, 60, True),
        (403, "You have triggered an abuse detection mechanism", {}, 60, True),
        (403, "API rate limit exceeded", {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "1000090"}, 90, False),
        (429, "", {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "1000090"}, 90, False),
        (403, "", {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "999000"}, 1, False),
        (403, "", {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "9000000"}, 3600, False),
        (403, "", {"x_ratelimit_remaining": "0"}, 60, False),
        (403, SECONDARY, {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "1000090"}, 60, True),
        (403, "", {"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}, 60, True),
        (403, "", {"retry_after": "-5"}, 60, True),
        (403, "", {"retry_after": "9" * 40}, 3600, True),
    ],
)
def test_rate_limit_says_how_long_to_wait(
    status: int, message: str, headers: dict[str, str], wait: float, secondary: bool
) -> None:
    with time_machine.travel(1_000_000, tick=False):
        error = answer(status, message, **headers)
    assert isinstance(error, RateLimited)
    assert error.retry_after == pytest.approx(wait)
    assert error.secondary is secondary
    assert error.retryable


def test_forbidden_with_requests_left_is_no_rate_limit() -> None:
    assert type(answer(403, "", x_ratelimit_remaining="4999", x_ratelimit_reset="1")) is Forbidden


def test_primary_rate_limit_of_the_stand_in(github: StandInGitHub, place: Place, client: InstallationClient) -> None:
    github.site.limits.exhaust(seconds=600)
    with pytest.raises(RateLimited) as caught:
        client.repositories()
    assert caught.value.retry_after is not None
    assert 590 < caught.value.retry_after <= 600
    assert not caught.value.secondary


@pytest.mark.parametrize("status", [403, 429])
def test_secondary_rate_limit_of_the_stand_in(github: StandInGitHub, client: InstallationClient, status: int) -> None:
    client.repositories()
    github.site.limits.refuse_secondary(retry_after=45, status=status)
    with pytest.raises(RateLimited) as caught:
        client.repositories()
    assert (caught.value.retry_after, caught.value.secondary) == (45, True)
    assert client.repositories()


def test_validation_bears_githubs_reasons() -> None:
    body = {
        "message": "Validation Failed",
        "errors": [{"resource": "IssueComment", "field": "body", "code": "missing"}, {"message": "too\nlong"}, "odd"],
    }
    error = error_for(422, httpx.Headers(), json.dumps(body).encode())
    assert str(error) == "GitHub refused the request: Validation Failed; body missing; too long; odd"


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"null", b'{"message": 5, "errors": {}}', b"\xff\xfe", b'{"message": null}']
)
def test_refusal_without_a_readable_message(body: bytes) -> None:
    assert str(error_for(422, httpx.Headers(), body)) == Validation.sentence


def test_message_of_github_is_bounded() -> None:
    assert len(str(answer(422, "x" * 100_000))) < 400


def error_classes() -> list[type[GitHubError]]:
    named = [getattr(ci_analysis.github, name) for name in ci_analysis.github.__all__]
    return [value for value in named if isinstance(value, type) and issubclass(value, GitHubError)]


def test_each_error_has_a_code_of_its_own_and_a_sentence() -> None:
    classes = error_classes()
    assert len({cls.code for cls in classes}) == len(classes)
    for cls in classes:
        assert str(cls()).endswith(".")
        assert cls().retry_after is None


@pytest.mark.parametrize("kind", ["drop_before", "truncate"])
def test_answer_that_breaks_off_is_unavailable(github: StandInGitHub, client: InstallationClient, kind: str) -> None:
    github.fail("GET", "/installation/repositories", kind, bytes=10)
    with pytest.raises(Unavailable) as caught:
        client.repositories()
    assert caught.value.status is None


def test_answer_that_does_not_come_is_unavailable(
    github: StandInGitHub, place: Place, credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    with InstallationClient(place.installation.id, credentials) as client:
        client.repositories()
    monkeypatch.setattr(connection, "TIMEOUT", httpx.Timeout(0.1))
    github.fail("GET", "/installation/repositories", "hang", seconds=0.5)
    with (
        InstallationClient(place.installation.id, credentials) as client,
        pytest.raises(Unavailable, match="in time"),
    ):
        client.repositories()


def test_nothing_listening_is_unavailable(credentials: Credentials) -> None:
    nowhere = Credentials(app_id=credentials.app_id, private_key=credentials.private_key, api_url="http://127.0.0.1:1")
    with pytest.raises(Unavailable, match="could not be reached"):
        InstallationClient(1, nowhere).repositories()


def no_sleep(_: float) -> None:
    raise AssertionError("the client slept")


@pytest.mark.parametrize(
    "limit",
    [
        lambda github: github.site.limits.exhaust(seconds=2),
        lambda github: github.site.limits.refuse_secondary(times=2, retry_after=2),
        lambda github: github.fail("GET", "/installation/repositories", status=500, times=5),
    ],
)
def test_client_asks_once_and_never_sleeps(
    github: StandInGitHub,
    client: InstallationClient,
    monkeypatch: pytest.MonkeyPatch,
    limit: Callable[[StandInGitHub], None],
) -> None:
    client.repositories()
    monkeypatch.setattr(time, "sleep", no_sleep)
    limit(github)
    with pytest.raises(GitHubError):
        client.repositories()
    assert len(github.requests("GET", "/installation/repositories")) == 2
