"""Real processes: small Python programs that die, hang, or lose their supervisor."""

import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox import supervisor as module
from sandbox.supervisor import ProcessFailed, Supervisor, running

DEADLINE = 20.0
# A program whose child does not care for SIGTERM.
STUBBORN = """
import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", sys.argv[1]])
print("up", flush=True)
signal.pause()
"""
KILLED_SUPERVISOR = """
import pathlib, sys
from sandbox.supervisor import Supervisor
supervisor = Supervisor(pathlib.Path(sys.argv[1]), owned=sys.argv[2])
process = supervisor.start("child", [sys.executable, "-c", sys.argv[3], sys.argv[2]], {})
supervisor.wait_until(process, lambda: process.has_said("up"), 20)
print("started", flush=True)
process.process.wait()
"""


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    made = Supervisor(tmp_path / "processes.json", owned=str(tmp_path))
    yield made
    made.stop()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def alive(text: str) -> list[int]:
    """Ids of the processes, this one left out, with `text` in their command line."""
    return [pid for pid, _, command in running() if text in command and pid != os.getpid()]


def test_output_has_the_name_of_its_process(supervisor: Supervisor, capsys: pytest.CaptureFixture[str]) -> None:
    process = supervisor.start("web", [sys.executable, "-c", "print('hello')"], {})
    process.process.wait()
    process.reader.join()
    assert capsys.readouterr().out == "web     | hello\n"


def test_the_environment_is_passed_on(supervisor: Supervisor) -> None:
    program = "import os; print(os.environ['FIXCI_GREETING'])"
    process = supervisor.start("web", [sys.executable, "-c", program], {"FIXCI_GREETING": "bonjour"})
    process.reader.join()
    assert process.has_said("bonjour")


def test_a_process_that_ends_is_named_with_its_status_and_last_lines(supervisor: Supervisor) -> None:
    process = supervisor.start("worker", [sys.executable, "-c", "print('out of memory'); raise SystemExit(3)"], {})
    process.process.wait()
    with pytest.raises(ProcessFailed, match=r"worker ended with status 3[^\n]*\n    out of memory"):
        supervisor.check()


def test_waiting_for_one_process_notices_that_another_ended(supervisor: Supervisor) -> None:
    waiting = supervisor.start("web", [sys.executable, "-c", "import time; time.sleep(600)"], {})
    supervisor.start("beat", [sys.executable, "-c", ""], {})
    with pytest.raises(ProcessFailed, match="beat ended with status 0"):
        supervisor.wait_until(waiting, lambda: False, DEADLINE)


def test_a_process_that_never_gets_ready_is_named(supervisor: Supervisor) -> None:
    process = supervisor.start("web", [sys.executable, "-c", "import time; time.sleep(600)"], {})
    with pytest.raises(ProcessFailed, match="web was not ready within 0 s"):
        supervisor.wait_until(process, lambda: False, 0.0)


def test_stop_ends_what_ignores_sigterm_and_its_children(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STOP_SECONDS", 0.1)
    process = supervisor.start("worker", [sys.executable, "-c", STUBBORN, str(tmp_path)], {})
    wait_for(lambda: process.has_said("up"))
    assert len(alive(str(tmp_path))) == 2
    supervisor.stop()
    wait_for(lambda: alive(str(tmp_path)) == [])
    assert not supervisor.record.exists()


def test_stop_ends_the_last_started_first(supervisor: Supervisor, capsys: pytest.CaptureFixture[str]) -> None:
    says_goodbye = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit("bye"))
print("up", flush=True)
signal.pause()
"""
    for name in ("first", "second", "third"):
        process = supervisor.start(name, [sys.executable, "-c", says_goodbye], {})
        supervisor.wait_until(process, functools.partial(process.has_said, "up"), DEADLINE)
    supervisor.stop()
    goodbyes = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.endswith("bye")]
    assert goodbyes == ["third", "second", "first"]


def test_the_next_supervisor_ends_what_a_killed_one_left(supervisor: Supervisor, tmp_path: Path) -> None:
    owned = str(tmp_path / "python")
    program = [sys.executable, "-c", KILLED_SUPERVISOR, str(supervisor.record), owned, STUBBORN]
    with subprocess.Popen(program, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as killed:
        assert killed.stdout is not None
        while killed.stdout.readline() != b"started\n":
            assert killed.poll() is None
        killed.kill()
    assert len(alive(owned)) == 2
    assert Supervisor(supervisor.record, owned).end_survivors() == 2
    assert alive(owned) == []
    assert not supervisor.record.exists()


def test_a_process_of_somebody_else_under_a_recorded_id_is_left_alone(supervisor: Supervisor, tmp_path: Path) -> None:
    process = supervisor.start("web", [sys.executable, "-c", "import time; time.sleep(600)"], {})
    assert Supervisor(supervisor.record, owned=str(tmp_path / "another")).end_survivors() == 0
    assert not process.ended()
    os.kill(process.process.pid, signal.SIGKILL)


@pytest.mark.parametrize("content", ["", "{", "[1, 2"])
def test_a_record_that_cannot_be_read_is_no_hindrance(supervisor: Supervisor, content: str) -> None:
    supervisor.record.write_text(content)
    assert supervisor.end_survivors() == 0
