"""python -m sandbox.github: the stand-in as a process of its own, with the demo's repository in it."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from .demo import furnish
from .keys import kept_private_key, write_private
from .server import PortTaken
from .standin import StandInGitHub


def main(arguments: list[str] | None = None) -> int:
    """Serves until SIGINT or SIGTERM. 0 after a stop, 2 where it can't start."""
    options = _options(arguments)
    try:
        github = _stand_in(options)
    except (PortTaken, ValueError, OSError) as error:
        print(f"stand-in GitHub: {error}", file=sys.stderr)
        return 2
    furnish(github.state, github.app_id)
    if options.write_env:
        write_private(options.write_env, _environment_file(github, options.key_dir))
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with github:
        print(f"stand-in GitHub: {github.web_url}", flush=True)
        stop.wait()
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.github", description=__doc__)
    parser.add_argument("--port", type=int, default=8010, help="API and pages (%(default)s); 0: a free one")
    parser.add_argument("--log-port", type=int, default=0, help="the log host; 0: a free one (default)")
    parser.add_argument("--webhook-url", default="http://127.0.0.1:8000/github/webhook")
    parser.add_argument("--setup-url", help="where people are sent after they installed the App")
    parser.add_argument("--state", type=Path, help="keeps everything in this file between starts")
    parser.add_argument("--key-dir", type=Path, default=Path(".run/github"), help="holds the App's private key")
    parser.add_argument("--write-env", type=Path, metavar="FILE", help="writes the GITHUB_ settings for our processes")
    return parser.parse_args(arguments)


def _key_file(directory: Path) -> Path:
    return directory / "github-app.pem"


def _stand_in(options: argparse.Namespace) -> StandInGitHub:
    """Raises PortTaken, ValueError (a state file that is none), OSError."""
    if options.state is not None:
        options.state.parent.mkdir(parents=True, exist_ok=True)
    return StandInGitHub(
        port=options.port,
        log_port=options.log_port,
        webhook_url=options.webhook_url,
        setup_url=options.setup_url,
        private_key=kept_private_key(_key_file(options.key_dir)),
        state_file=options.state,
    )


def _environment_file(github: StandInGitHub, key_directory: Path) -> str:
    """KEY=value lines; the key inline with \\n for its line ends, as django-environ reads it, and its path."""
    settings = dict(github.environment())
    settings["GITHUB_APP_PRIVATE_KEY"] = '"' + settings["GITHUB_APP_PRIVATE_KEY"].replace("\n", "\\n") + '"'
    settings["GITHUB_APP_PRIVATE_KEY_PATH"] = str(_key_file(key_directory).resolve())
    return "".join(f"{name}={value}\n" for name, value in settings.items())


if __name__ == "__main__":
    sys.exit(main())
