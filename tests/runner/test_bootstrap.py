import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import bootstrap

LOCK = """\
# made by a tool
amqp==5.4.2 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via kombu
celery[redis]==5.7.0 ; python_version < '4' \\
    --hash=sha256:cc
vine==5.1.0 \\
    --hash=sha256:dd
"""


def move_project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "PROJECT", folder)
    monkeypatch.setattr(bootstrap, "VENV", folder / ".venv")
    monkeypatch.setattr(bootstrap, "PYTHON", folder / ".venv" / "bin" / "python")
    monkeypatch.setattr(bootstrap, "STAMP", folder / ".venv" / "installed-from")
    monkeypatch.setattr(bootstrap, "LOCK", folder / "requirements-dev.lock")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project folder with an empty lock."""
    move_project(tmp_path, monkeypatch)
    bootstrap.LOCK.write_text("")
    return tmp_path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose environment was found half made, and made anew. Once: venv takes seconds."""
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as monkeypatch:
        move_project(folder, monkeypatch)
        bootstrap.LOCK.write_text("")
        bootstrap.PYTHON.parent.mkdir(parents=True)
        bootstrap.PYTHON.symlink_to(sys.executable)
        (bootstrap.VENV / "leftover").touch()
        bootstrap.ensure_venv()
    return folder


@pytest.fixture
def made_project(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    move_project(made, monkeypatch)
    return made


def test_every_requirement_goes_to_one_part_with_all_its_hashes() -> None:
    first, second = bootstrap.split(LOCK, 2)
    assert first == (
        "amqp==5.4.2 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\nvine==5.1.0 \\\n    --hash=sha256:dd\n"
    )
    assert second == "celery[redis]==5.7.0 ; python_version < '4' \\\n    --hash=sha256:cc\n"


def test_the_real_lock_loses_nothing_when_split() -> None:
    lock = bootstrap.LOCK.read_text()
    parts = "".join(bootstrap.split(lock, 3))
    assert parts.count("--hash=") == lock.count("--hash=") > 500
    assert sorted(line.split("==")[0] for line in parts.splitlines() if not line.startswith(" ")) == sorted(
        line.split("==")[0] for line in lock.splitlines() if line[:1].isalnum()
    )


def test_a_half_made_environment_is_made_anew(made_project: Path) -> None:
    said = subprocess.run(
        [bootstrap.PYTHON, "-c", "import sys; print(sys.prefix)"], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == str(made_project / ".venv")
    assert not (made_project / ".venv" / "leftover").exists()


def test_an_environment_that_fits_its_lock_is_not_touched(
    made_project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = bootstrap.STAMP.stat().st_mtime_ns
    assert bootstrap.ensure_venv() == made_project / ".venv" / "bin" / "python"
    assert bootstrap.STAMP.stat().st_mtime_ns == before
    assert capsys.readouterr().out == ""


def test_without_its_stamp_an_environment_counts_as_half_made(project: Path) -> None:
    bootstrap.PYTHON.parent.mkdir(parents=True)
    bootstrap.PYTHON.symlink_to(sys.executable)
    assert not bootstrap.is_current()
    assert not bootstrap.can_be_updated()


def test_another_lock_is_installed_over_the_old_one_and_another_place_is_not(project: Path) -> None:
    (project / ".venv" / "bin").mkdir(parents=True)
    bootstrap.PYTHON.symlink_to(sys.executable)
    bootstrap.STAMP.write_text(bootstrap.fingerprint())
    assert bootstrap.is_current()
    bootstrap.LOCK.write_text("# changed\n")
    assert not bootstrap.is_current()
    assert bootstrap.can_be_updated()
    bootstrap.STAMP.write_text(bootstrap.fingerprint().replace(str(project), "/moved"))
    assert not bootstrap.can_be_updated()


def test_what_pip_says_is_in_the_error(made_project: Path) -> None:
    assert made_project.exists()
    with pytest.raises(bootstrap.BootstrapError, match="pip could not install the packages"):
        bootstrap.install("fixci-is-not-here==1.0 --hash=md5:00\n")


def test_a_python_that_cannot_make_environments_gets_advice(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = project / "python"
    broken.write_text("#!/bin/sh\necho ensurepip is not available >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "_base_executable", str(broken))
    with pytest.raises(bootstrap.BootstrapError, match=r"apt install python3-venv\n    ensurepip is not available"):
        bootstrap.make_venv()
    assert not bootstrap.VENV.exists()


def test_packages_that_left_the_lock_are_removed(made_project: Path) -> None:
    package = next((made_project / ".venv" / "lib").glob("python*/site-packages")) / "left_over-1.0.dist-info"
    own_pip = (made_project / ".venv" / "bin" / "pip").exists()
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: left.over\nVersion: 1.0\n")
    (package / "INSTALLER").write_text("pip\n")
    (package / "RECORD").write_text(
        "".join(f"{package.name}/{name},,\n" for name in ("METADATA", "INSTALLER", "RECORD"))
    )
    bootstrap.remove_what_is_not_in("kept==1.0\n")
    assert not package.exists()
    assert (made_project / ".venv" / "bin" / "pip").exists() is own_pip


def test_an_old_python_is_told_so() -> None:
    source = (Path(bootstrap.__file__).parent / "run.py").read_text()
    pretend = "import sys; sys.version_info = (3, 9, 2); exec(compile(sys.stdin.read(), 'run.py', 'exec'))"
    done = subprocess.run([sys.executable, "-c", pretend], input=source, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert (
        done.stderr == "FixCI needs Python 3.11 or newer; this is 3.9. Name another one: make ... PYTHON=python3.12\n"
    )
