"""One request for a page: the look-ups that its handler needs, and the template that it shows."""

from dataclasses import dataclass
from typing import Any, TypeVar

import jinja2
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Request, Response

from .markdown import render
from .models import App, CheckRun, Installation, PullRequest, Repository, Run
from .site import Site

Record = TypeVar("Record")
VIEWER = "marit"  # whoever looks at these pages is signed in as her

_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("sandbox.github"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters["markdown"] = render
_templates.filters["hue"] = lambda login: sum(map(ord, login)) % 6  # of six colours
_templates.filters["minute"] = lambda moment: moment.strftime("%d %b %Y, %H:%M")


@dataclass
class Visit:
    """One request for a page. The look-ups raise NotFound."""

    request: Request
    site: Site

    def show(self, template: str, **values: Any) -> Response:
        page = _templates.get_template(template).render(
            site=self.site, state=self.site.state, viewer=VIEWER, here=self.request.path, **values
        )
        return Response(page, content_type="text/html; charset=utf-8")

    def repository(self, owner: str, name: str) -> Repository:
        return found_or_404(self.site.state.repository(owner, name))

    def pull(self, repository: Repository, number: int) -> PullRequest:
        return found_or_404(self.site.state.pull_request(repository, number))

    def run(self, repository: Repository, run_id: int) -> Run:
        run = found_or_404(self.site.state.tables.runs.get(run_id))
        return found_or_404(run if run.repository_id == repository.id else None)

    def check(self, repository: Repository, check_id: int) -> CheckRun:
        check = found_or_404(self.site.state.tables.check_runs.get(check_id))
        return found_or_404(check if check.repository_id == repository.id else None)

    def app(self, slug: str) -> App:
        return found_or_404(self.site.state.app_by_slug(slug))

    def installation(self, installation_id: int) -> Installation:
        return found_or_404(self.site.state.tables.installations.get(installation_id))

    def chosen_repositories(self) -> list[int] | None:
        if self.request.form.get("selection") == "all":
            return None
        return [int(value) for value in self.request.form.getlist("repository")]


def found_or_404(record: Record | None) -> Record:
    """Raises NotFound for None."""
    if record is None:
        raise NotFound
    return record
