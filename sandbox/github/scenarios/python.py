"""Python jobs: a failed assertion, a network that fails now and then, a matrix with one cause, all green."""

from sandbox.github.create import JobSpec

from .job_log import JobLog
from .scene import Scene

PYTHON = "/opt/hostedtoolcache/Python/3.12.12/x64"


def assertion(scene: Scene) -> list[JobSpec]:
    log = _prepared(scene.log("test (3.12)"))
    _run_pytest(log)
    log.text(SESSION.format(workspace=log.workspace, python="3.12.12"), seconds=1.4)
    log.text(ASSERTION, seconds=5.8)
    log.fail()
    return [lint(scene), log.finish("failure")]


def matrix(scene: Scene) -> list[JobSpec]:
    """Twelve jobs, all with the same cause."""
    jobs = []
    for python in ("3.11.14", "3.12.12", "3.13.9", "3.14.0"):
        for system in ("ubuntu-22.04", "ubuntu-24.04", "ubuntu-24.04-arm"):
            log = _prepared(scene.log(f"test ({python.rsplit('.', 1)[0]}, {system})"), python)
            _run_pytest(log)
            log.text(COLLECTION.format(workspace=log.workspace, python=python), seconds=1.1)
            log.fail(2)
            jobs.append(log.finish("failure"))
    return jobs


def flaky_network(scene: Scene) -> list[JobSpec]:
    """The package index does not answer; a re-run passes."""
    log = scene.log("test (3.12)")
    _setup_python(log, "3.12.12")
    log.run("pip install -r requirements.txt", name="Install dependencies")
    retries = "\n".join(PIP_RETRY.format(left=left) for left in (4, 3, 2, 1, 0))
    log.text(PIP_TIMEOUT.format(retries=retries), seconds=75.2)
    log.fail()
    return [lint(scene), log.finish("failure")]


def green(scene: Scene) -> list[JobSpec]:
    log = _prepared(scene.log("test (3.12)"))
    _run_pytest(log)
    log.text(SESSION_GREEN.format(workspace=log.workspace, python="3.12.12"), seconds=7.0)
    return [lint(scene), log.finish()]


def lint(scene: Scene) -> JobSpec:
    log = _prepared(scene.log("lint"))
    log.run("ruff check .")
    log.line("All checks passed!", seconds=0.4)
    return log.finish()


def _setup_python(log: JobLog, python: str) -> None:
    log.use("actions/setup-python@v6", f"  python-version: {python.rsplit('.', 1)[0]}\n  cache: pip")
    log.line("##[group]Installed versions", seconds=0.3)
    log.line(f"Successfully set up CPython ({python})")
    log.line("##[endgroup]")
    log.line("Cache hit for: setup-python-Linux-x64-24.04-Ubuntu-pip-6b1f0c", seconds=0.9)


def _prepared(log: JobLog, python: str = "3.12.12") -> JobLog:
    _setup_python(log, python)
    log.run("pip install -r requirements.txt", name="Install dependencies")
    log.text(PIP_INSTALL, seconds=3.1)
    return log


def _run_pytest(log: JobLog) -> None:
    log.run("pytest", name="Run tests", environment=f"  pythonLocation: {PYTHON}\n  ERROR_ON_WARNINGS: 0")


PIP_INSTALL = """
Collecting attrs==25.4.0 (from -r requirements.txt (line 1))
  Using cached attrs-25.4.0-py3-none-any.whl.metadata (10 kB)
Collecting pytest==9.0.1 (from -r requirements.txt (line 2))
  Using cached pytest-9.0.1-py3-none-any.whl.metadata (7.6 kB)
Collecting httpx==0.28.1 (from -r requirements.txt (line 3))
  Using cached httpx-0.28.1-py3-none-any.whl.metadata (7.1 kB)
Installing collected packages: attrs, pytest, httpx
Successfully installed attrs-25.4.0 httpx-0.28.1 pytest-9.0.1
WARNING: Running pip as the 'root' user can result in broken permissions; no errors so far
"""
PIP_TIMEOUT = """
Collecting attrs==25.4.0 (from -r requirements.txt (line 1))
{retries}
ERROR: Could not find a version that satisfies the requirement attrs==25.4.0 (from versions: none)
ERROR: No matching distribution found for attrs==25.4.0
"""
PIP_RETRY = (
    "  WARNING: Retrying (Retry(total={left}, connect=None, read=None, redirect=None, status=None)) after connection "
    "broken by 'ReadTimeoutError(\"HTTPSConnectionPool(host='packages.harbour-lane.example', port=443): "
    "Read timed out. (read timeout=15)\")': /simple/attrs/"
)
SESSION = """
============================= test session starts ==============================
platform linux -- Python {python}, pytest-9.0.1, pluggy-1.6.0
rootdir: {workspace}
configfile: pyproject.toml
testpaths: tests
collected 148 items

tests/test_addresses.py ....................                             [ 13%]
tests/test_basket.py ..............F.......                              [ 28%]
tests/test_errors.py ........................                            [ 44%]
tests/test_failed_payments.py .................................          [ 66%]
tests/test_invoices.py ..........................                        [ 84%]
tests/test_shipping.py .......................                           [100%]
"""
ASSERTION = """
=================================== FAILURES ===================================
__________________________ test_total_is_rounded_once __________________________

    def test_total_is_rounded_once():
        basket = Basket([Line("tea", 3, Decimal("3.333")), Line("mug", 1, Decimal("20.00"))])

>       assert basket.total() == Decimal("30.00")
E       AssertionError: assert Decimal('29.99') == Decimal('30.00')
E        +  where Decimal('29.99') = total()
E        +    where total = Basket(lines=2).total

tests/test_basket.py:41: AssertionError
=========================== short test summary info ============================
FAILED tests/test_basket.py::test_total_is_rounded_once - AssertionError: assert Decimal('29.99') == Decimal('3...
======================== 1 failed, 147 passed in 5.83s =========================
"""
SESSION_GREEN = """
============================= test session starts ==============================
platform linux -- Python {python}, pytest-9.0.1, pluggy-1.6.0
rootdir: {workspace}
configfile: pyproject.toml
testpaths: tests
collected 148 items

tests/test_addresses.py ....................                             [ 13%]
tests/test_basket.py ......................                              [ 28%]
tests/test_errors.py ........................                            [ 44%]
tests/test_failed_payments.py .................................          [ 66%]
tests/test_invoices.py ..........................                        [ 84%]
tests/test_shipping.py .......................                           [100%]

============================= 148 passed in 5.71s ==============================
"""
COLLECTION = """
============================= test session starts ==============================
platform linux -- Python {python}, pytest-9.0.1, pluggy-1.6.0
rootdir: {workspace}
configfile: pyproject.toml
testpaths: tests
collected 119 items / 1 error

==================================== ERRORS ====================================
____________________ ERROR collecting tests/test_shipping.py ___________________
ImportError while importing test module '{workspace}/tests/test_shipping.py'.
Hint: make sure your test modules/packages have valid Python names.
Traceback:
tests/test_shipping.py:5: in <module>
    from orders.shipping import postcode_of
E   ImportError: cannot import name 'postcode_of' from 'orders.shipping' ({workspace}/orders/shipping.py)
=========================== short test summary info ============================
ERROR tests/test_shipping.py
!!!!!!!!!!!!!!!!!!!! Interrupted: 1 error during collection !!!!!!!!!!!!!!!!!!!!
=============================== 1 error in 0.62s ===============================
"""
