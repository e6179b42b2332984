"""No token, no JWT and no signed link in anything that is logged or raised."""

import io
import logging
import traceback

import pytest

from ci_analysis.github import Credentials, GitHubError, InstallationClient, purge_token
from sandbox.github import JobSpec, StandInGitHub
from tests.github_client.conftest import Place


@pytest.mark.parametrize("token_format", ["classic", "stateless"])
def test_nothing_secret_is_logged(
    github: StandInGitHub,
    place: Place,
    credentials: Credentials,
    caplog: pytest.LogCaptureFixture,
    token_format: str,
) -> None:
    for logger in (None, "httpx", "githubkit"):
        caplog.set_level(logging.DEBUG, logger)
    github.site.token_format = token_format
    raised: list[str] = []
    run = github.add_run(place.repository, [JobSpec(log=b"log\n")])
    with InstallationClient(place.installation.id, credentials) as client:
        for fault in (None, "drop_after", "status"):
            if fault:
                github.fail("GET", "/job-logs/", fault)
            try:
                client.download_job_log(place.name, github.jobs(run)[0].id, io.BytesIO(), max_bytes=100, max_seconds=60)
            except GitHubError as error:
                raised.append(f"{error!r} {''.join(traceback.format_exception(error))}")
        github.fail("GET", "/installation/repositories", status=401, times=2)
        with pytest.raises(GitHubError) as caught:
            client.repositories()
    raised.append(repr(caught.value))
    purge_token(place.installation.id, credentials)
    told = caplog.text + "".join(raised)
    assert "/job-logs/" in told
    assert len(raised) == 3
    tokens = list(github.state.tables.tokens)
    assert tokens
    for secret in (*tokens, "eyJ", "sig=", "PRIVATE KEY", "Bearer"):
        assert secret not in told
