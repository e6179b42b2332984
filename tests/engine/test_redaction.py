"""Secrets are replaced by their kind, what merely looks like one is kept. Every secret here is made up."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_analysis.engine import analyze
from ci_analysis.engine.redaction import redact
from tests.engine.logs import job, step

A36 = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6"
JWT = "eyJhbGciOiJSUzI1NiJ9." + "eyJpc3MiOiIxMjM0NSJ9." + "c2lnbmF0dXJlLXBhcnQ"

SECRETS = [
    ("github", "ghp_" + A36),
    ("github", "ghs_" + A36),
    ("github", "ghs_123456_" + JWT),
    ("github", "github_pat_" + "11ABCDEFG0" + A36),
    ("aws", "AKIA" + "IOSFODNN7EXAMPLE"),
    ("google", "AIza" + A36[:35]),
    ("stripe", "sk_live_" + A36[:24]),
    ("stripe", "whsec_" + A36),
    ("slack", "xoxb-" + "123456789012-" + A36),
    ("slack", "https://hooks.slack.com/services/T00000000/B00000000/" + A36[:24]),
    ("npm", "npm_" + A36),
    ("pypi", "pypi-" + "AgEIcHlwaS5vcmc" + A36 * 2),
    ("gitlab", "glpat-" + A36[:20]),
    ("openai", "sk-proj-" + A36),
    ("anthropic", "sk-ant-" + A36),
    ("docker", "dckr_pat_" + A36[:27]),
    ("jwt", JWT),
    ("url-password", "https://user:hunter2secret@example.org/repo.git"),
    ("url-password", "https://x-access-token:" + A36 + "@github.com/a/b"),
    ("auth-header", "Authorization: Bearer " + A36),
    ("auth-header", "authorization: basic dXNlcjpwYXNzd29yZA=="),
    ("private-key", "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7\nabc\n-----END RSA PRIVATE KEY-----"),
    ("private-key", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA"),
    ("assignment", "DB_PASSWORD=correct-horse-7battery"),
    ("assignment", 'export API_KEY="9f8e7d6c5b4a39281706"'),
    ("assignment", '"client_secret": "Zx81-QL77-spectrum"'),
    ("assignment", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY1234567890"),
]


@pytest.mark.parametrize(("kind", "text"), SECRETS)
def test_secret_is_replaced_by_its_kind(kind: str, text: str) -> None:
    counts: Counter[str] = Counter()
    assert f"[redacted:{kind}]" in redact(f"before {text} after", counts)
    assert counts == {kind: 1}


@pytest.mark.parametrize(("kind", "text"), SECRETS)
def test_nothing_of_the_secret_is_left(kind: str, text: str) -> None:
    left = redact(text, Counter())
    for part in (
        "hunter2",
        A36[:20],
        "IOSFODNN7",
        "correct-horse",
        "9f8e7d",
        "Zx81",
        "wJalr",
        "MIIEpA",
        "c2lnbm",
        "dXNlcj",
    ):
        assert part not in left


@pytest.mark.parametrize(
    "text",
    [
        "password: ***",
        "token: ${{ secrets.GITHUB_TOKEN }}",
        "API_KEY=$API_KEY",
        "DB_PASSWORD is not set",
        "secret: required",
        "access_token=undefined",
        "tests/test_password.py::test_secret_key FAILED",
        "https://github.com/acme/app/actions/runs/123",
        "git@github.com:acme/app.git",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904",
        "npm_config_cache=/tmp/npm",
        "KeyError: 'secret_token'",
    ],
)
def test_what_only_looks_like_a_secret_is_kept(text: str) -> None:
    counts: Counter[str] = Counter()
    assert redact(text, counts) == text
    assert not counts


@given(
    st.lists(st.one_of(st.sampled_from([text for _, text in SECRETS]), st.text(max_size=30)), max_size=5).map(" ".join)
)
def test_redaction_is_idempotent(text: str) -> None:
    once = redact(text, Counter())
    counts: Counter[str] = Counter()
    assert redact(once, counts) == once
    assert not counts


def test_a_report_holds_no_secret_and_counts_them() -> None:
    secret = "ghp_" + A36
    log = job(step("deploy", f"fatal: push with {secret} failed", f"DEPLOY_TOKEN={A36}", exit_code=1))
    report = analyze(log)
    assert report.findings
    assert A36 not in repr(report)
    assert report.redactions["github"] >= 1


def test_a_key_over_several_lines_is_replaced_in_the_excerpt() -> None:
    body = "MIIEpAIBAAKCAQEA7" + A36 + A36
    log = job(
        step(
            "deploy",
            "error: bad key",
            "-----BEGIN RSA PRIVATE KEY-----",
            body,
            "-----END RSA PRIVATE KEY-----",
            exit_code=1,
        )
    )
    assert body not in repr(analyze(log))


@pytest.mark.parametrize("position", range(60, 130, 7))
def test_nothing_is_left_of_a_secret_that_a_title_is_cut_in(position: int) -> None:
    secret = "pypi-AgEIcHlwaS5vcmc" + A36 * 3
    log = job(step("upload", f"error: {'x' * position} {secret} refused", exit_code=1))
    shown = repr(analyze(log))
    assert not any(secret[n : n + 8] in shown for n in range(len(secret) - 7))
