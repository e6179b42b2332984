"""Properties of the two gates: text on its way into Markdown, payloads on their way into the database."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ci_analysis import github, markdown, payloads, retries
from ci_analysis.exceptions import PayloadError

SPECIAL = st.sampled_from("`@#[]()<>!*_~|\\&:$-+.'\" \t\n\r\0\u200b\u202e\u2028\u00ad\ud800GHgh1aé日")
TEXT = st.one_of(st.text(max_size=60), st.text(SPECIAL, max_size=60))
JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.integers(min_value=2**62, max_value=2**66),
        st.floats(),
        TEXT,
        st.text(st.characters(categories=["Cs", "Cc"]), max_size=3),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["id", "full_name", "app", "external_id", "installation"]) | TEXT, inner),
    ),
    max_leaves=10,
)
PAYLOAD = st.dictionaries(
    st.sampled_from(["action", "installation", "repository", "workflow_run", "check_run", "hook_id"]) | TEXT, JSON
)
few = settings(max_examples=40, deadline=None)


@few
@given(TEXT)
def test_prose_leaves_no_punctuation_with_a_meaning_and_nothing_that_refers(text: str) -> None:
    shown = markdown.prose(text)
    assert re.fullmatch(r"(?:\\[!-/:-@\[-`{-~]|[^!-/:-@\[-`{-~])*", shown)
    rendered = re.sub(r"\\(.)", r"\1", shown)
    assert not re.search(r"@(?!\u200b)|#\d|\bGH-\d|:[\w+-]+:", rendered, re.IGNORECASE)
    assert rendered.replace("\u200b", "") == markdown.clean(text)
    assert "\n" not in shown


@few
@given(TEXT, st.integers(min_value=1, max_value=30))
@example("a`` b` c", 30)
@example("`", 30)
def test_a_code_span_holds_all_of_the_text_and_ends_with_it(text: str, limit: int) -> None:
    shown = markdown.code(text, limit)
    content = markdown.clip(markdown.clean(text), limit)
    if not content:
        assert shown == ""
        return
    fence = re.match("`+", shown)
    assert fence
    inner = shown[fence.end() : -fence.end()].removeprefix(" ").removesuffix(" ")
    assert inner == content or inner.strip() == content.strip()
    assert len(fence[0]) not in {len(run) for run in re.findall("`+", content)}
    assert shown.endswith(fence[0])


@few
@given(st.lists(TEXT, max_size=6))
@example(["```"])
@example(["   `````", "```text"])
def test_no_line_of_a_block_ends_it(lines: list[str]) -> None:
    first, *inner, last = markdown.block(lines).split("\n")
    assert first == f"{last}text"
    assert len(inner) == len(lines)
    assert not any(line.strip().startswith(last) for line in inner)


@few
@given(TEXT)
def test_a_link_leads_where_it_says_or_nowhere(url: str) -> None:
    shown = markdown.link("label", url)
    assert shown == "label" or re.fullmatch(r"\[label\]\([^\s()<>\"'`\\]+\)", shown)


@few
@given(TEXT, st.integers(min_value=1, max_value=20))
def test_what_is_clipped_is_never_longer_than_asked(text: str, limit: int) -> None:
    assert len(markdown.clip(text, limit)) <= limit
    assert markdown.clip(text, len(text)) == text


@few
@given(st.sampled_from(["workflow_run", "check_run", "ping", "installation", "unknown"]), PAYLOAD)
def test_of_any_payload_only_known_fields_are_kept_and_all_of_them_can_be_stored(
    event: str, payload: dict[str, Any]
) -> None:
    kept = payloads.keep(event, payload)
    assert kept.keys() <= {"action", "installation", "repository", "workflow_run", "check_run", "hook_id"}
    assert b"\\u0000" not in json.dumps(kept, ensure_ascii=False).encode()
    assert payloads.keep(event, kept) == kept
    assert all(-(2**63) <= number < 2**63 for number in numbers(kept))
    if payloads.integer_or_none(kept, "installation", "id") is None:
        with pytest.raises(PayloadError, match=r"installation\.id is not a whole number"):
            payloads.integer(kept, "installation", "id")
    else:
        assert payloads.integer(kept, "installation", "id") == payload["installation"]["id"]


def numbers(value: Any) -> list[int]:
    if isinstance(value, dict):
        return [number for inner in value.values() for number in numbers(inner)]
    return [value] if isinstance(value, int) else []


@pytest.mark.django_db
@settings(max_examples=30, deadline=None)
@given(PAYLOAD, TEXT)
def test_the_database_takes_what_is_kept(payload: dict[str, Any], text: str) -> None:
    kept = payloads.keep("workflow_run", payload)
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::jsonb, %s::text", [json.dumps(kept), payloads.storable(text, 100)])
        assert json.loads(cursor.fetchone()[0]) == kept


@few
@given(st.integers(min_value=1, max_value=7), st.floats(min_value=1, max_value=3600))
def test_nobody_comes_back_before_githubs_time_nor_all_at_once(attempt: int, told: float) -> None:
    limited = github.RateLimited(retry_after=told)
    pauses = {retries.pause(limited, attempt=attempt, since=timezone.now()) for _ in range(5)}
    assert len(pauses) == 5
    for pause in pauses:
        assert pause is not None
        assert told <= pause.total_seconds() <= told + 600


@pytest.mark.parametrize("error", [None, github.LogsNotReady(), github.NotFound()])
def test_what_may_succeed_later_is_tried_with_growing_pauses_and_then_given_up(
    error: github.GitHubError | None,
) -> None:
    pauses = [retries.pause(error, attempt=attempt, since=timezone.now()) for attempt in range(1, 9)]
    assert pauses[-1] is None
    seconds = [pause.total_seconds() for pause in pauses if pause is not None]
    assert len(seconds) == 7
    assert 2.5 <= seconds[0] <= 5
    assert 150 <= seconds[-1] <= 600


@pytest.mark.parametrize("error", [github.Forbidden(), github.NotInstalled(), github.Validation()])
def test_what_cannot_succeed_is_not_tried_again(error: github.GitHubError) -> None:
    assert retries.pause(error, attempt=1, since=timezone.now()) is None
