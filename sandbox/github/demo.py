"""What the demo starts with: a repository with the App, pull requests to let fail, and an account without the App."""

from .create import add_installation, add_repository, add_run, open_pull_request
from .models import FileChange, Repository
from .scenarios import GREEN, Scene
from .state import State, now

OWNER = "harbour-lane"
REPOSITORY = f"{OWNER}/orders"

PULL_REQUESTS = (
    # title, branch, author, owner of the fork or None, files
    (
        "Round totals once, at the end",
        "round-totals",
        "marit",
        None,
        [FileChange("orders/basket.py", 4, 6), FileChange("tests/test_basket.py", 7, 0)],
    ),
    (
        "Show the delivery date in the basket",
        "delivery-date",
        "joris",
        None,
        [FileChange("src/basket/delivery.ts", 19, 2), FileChange("src/basket/Summary.tsx", 8, 1)],
    ),
    (
        "Accept postcodes with a space",
        "postcodes",
        "odalys",
        "odalys",
        [FileChange("orders/shipping.py", 11, 3), FileChange("tests/test_shipping.py", 16, 0)],
    ),
    (
        "Let the worker try again after a timeout",
        "worker-retry",
        "marit",
        None,
        [FileChange("worker/queue/queue.go", 23, 4)],
    ),
)
FIRST_SCENARIOS = {
    # Which failure a pull request's page offers first.
    "round-totals": "pytest",
    "delivery-date": "typescript",
    "postcodes": "matrix",
    "worker-retry": "go-panic",
}
FILES = {
    "README.md": "# Orders\n\nBaskets, invoices and parcels.\n",
    "orders/basket.py": "class Basket:\n    ...\n",
    "orders/shipping.py": "def label(order): ...\n",
    ".github/workflows/ci.yml": "name: CI\non: [push, pull_request]\n",
}


def furnish(state: State, app_id: int) -> None:
    """Does nothing where the repository is there already."""
    with state.lock:
        if state.repository(*REPOSITORY.split("/")) is not None:
            return
        repository = add_repository(state, REPOSITORY, description="Baskets, invoices and parcels", language="Python")
        repository.files.update(FILES)
        add_installation(state, app_id, OWNER)
        _green_run(state, repository)
        for title, branch, author, fork_owner, files in PULL_REQUESTS:
            open_pull_request(
                state,
                repository,
                title=title,
                branch=branch,
                author=author,
                fork_owner=fork_owner,
                files=files,
                body="Tests are in; please have a look.",
            )
        add_repository(state, "fern-and-field/website", description="Not installed yet", language="TypeScript")


def _green_run(state: State, repository: Repository) -> None:
    sha = repository.branches[repository.default_branch]
    jobs = GREEN.jobs(Scene(repository.full_name, sha, now(), f"{sha} 1"))
    add_run(state, repository, jobs, scenario=GREEN.name, actor="marit")
