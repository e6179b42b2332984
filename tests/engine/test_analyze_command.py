"""`manage.py analyze`: its three forms and its exit statuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.engine.logs import job, step

ROOT = Path(__file__).parents[2]
BROKEN = job(step("make", "a.c:3:5: error: expected ';' before 'return'", exit_code=2))
GREEN = job(step("make", "linked"))


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    (tmp_path / "broken.log").write_bytes(BROKEN)
    (tmp_path / "green.log").write_bytes(GREEN)
    (tmp_path / "empty.log").write_bytes(b"")
    return tmp_path


def test_the_readable_report_names_cause_and_place(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("analyze", str(logs / "broken.log"), baseline=[str(logs / "green.log")])
    out = capsys.readouterr().out
    assert "compile failure" in out
    assert "a.c:3:5" in out
    assert "\x1b" not in out


def test_json_is_one_object(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("analyze", str(logs / "broken.log"), "--json")
    result = json.loads(capsys.readouterr().out)
    assert {
        "id",
        "category",
        "failed_step",
        "failed_tests",
        "evidence",
        "excerpt",
        "findings",
        "seconds",
    } <= result.keys()
    assert result["findings"][0]["lines"] == [[5, 5]]


def test_batch_keeps_the_manifests_order_and_reads_beside_it(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = [
        {"id": "b", "log": "broken.log", "baselines": ["green.log"]},
        {"id": "g", "log": "green.log"},
        {"id": "e", "log": "empty.log", "baselines": []},
    ]
    (logs / "manifest.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    call_command("analyze", batch=str(logs / "manifest.jsonl"), excerpt_chars=100)
    results = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(r["id"], r["category"]) for r in results] == [("b", "compile"), ("g", None), ("e", None)]
    assert all(len(r["excerpt"]) <= 100 for r in results)


@pytest.mark.parametrize("name", ["green.log", "empty.log"])
def test_no_failure_is_status_1(logs: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        call_command("analyze", str(logs / name))
    assert left.value.code == 1
    assert "no failure" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["missing.log"],
        ["."],
        ["broken.log", "--baseline", "missing.log"],
        ["--batch", "missing.jsonl"],
        ["--batch", "bad.jsonl"],
        ["broken.log", "--batch", "bad.jsonl"],
    ],
)
def test_bad_input_is_status_2_and_one_line(logs: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    (logs / "bad.jsonl").write_text('{"id": 1}\n')
    monkeypatch.chdir(logs)
    with pytest.raises(CommandError) as error:
        call_command("analyze", *arguments)
    assert error.value.returncode == 2
    assert "\n" not in str(error.value)


def test_as_a_process_without_a_database(logs: Path) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), "analyze", str(logs / "missing.log")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
