"""The list of an organization's analyses: filtered, newest first, a page at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import get_args
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict

from ci_analysis.engine.categories import Category
from ci_analysis.models import Analysis, Finding, Repository
from orgs.models import Organization

PAGE_SIZE = 25
TITLES_SHOWN = 2
CATEGORIES: tuple[str, ...] = get_args(Category)
RESULTS = {
    "explained": ("Explained", Q(status=Analysis.Status.DONE)),
    "unexplained": ("Could not be analysed", Q(status=Analysis.Status.FAILED)),
    "open": ("In progress", Q(status__in=[Analysis.Status.QUEUED, Analysis.Status.RUNNING])),
}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_POSITION = re.compile(r"(\d{1,17})-(\d{1,18})")


@dataclass(frozen=True)
class Filters:
    """What the address asks for; "" is everything. Names that we don't have are taken for that."""

    repository: str = ""
    result: str = ""
    category: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> Filters:
        result, category = query.get("result", ""), query.get("category", "")
        return cls(
            repository=query.get("repository", "")[:200].replace("\0", ""),
            result=result if result in RESULTS else "",
            category=category if category in CATEGORIES else "",
        )

    def apply(self, analyses: QuerySet[Analysis]) -> QuerySet[Analysis]:
        if self.repository:
            analyses = analyses.filter(run__repository__full_name=self.repository)
        if self.result:
            analyses = analyses.filter(RESULTS[self.result][1])
        if self.category:
            analyses = analyses.filter(category=self.category)
        return analyses

    def given(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value}


@dataclass(frozen=True)
class Position:
    """A place between two rows of the list. As text "microseconds since 1970-id", for the address."""

    at: datetime
    pk: int

    @classmethod
    def parse(cls, text: str) -> Position | None:
        match = _POSITION.fullmatch(text)
        if match is None:
            return None
        try:
            return cls(_EPOCH + timedelta(microseconds=int(match[1])), int(match[2]))
        except OverflowError:
            return None

    @classmethod
    def of(cls, analysis: Analysis) -> Position:
        return cls(analysis.requested_at, analysis.pk)

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1)}-{self.pk}"


@dataclass(frozen=True)
class Row:
    """`titles` are those of the surest causes; `more` counts the others."""

    analysis: Analysis
    titles: tuple[str, ...]
    more: int


@dataclass(frozen=True)
class Page:
    """`older` and `newer` are the queries of the neighbouring pages, "" at the ends.

    `live`: it changes by itself. The newest page gets new rows, any page may have an analysis that is still running.
    """

    rows: tuple[Row, ...]
    older: str
    newer: str
    live: bool


def page(org: Organization, filters: Filters, query: QueryDict) -> Page:
    """The page that the address asks for by `before` or `after`; the newest one by default. Two queries."""
    analyses = filters.apply(Analysis.objects.filter(org=org).select_related("run__repository"))
    before, after = Position.parse(query.get("before", "")), Position.parse(query.get("after", ""))
    found = _newer_than(after, analyses) if after else []
    if len(found) < PAGE_SIZE:
        # So close to the top that the first page shows it: from there on pages are full again.
        before = None if after else before
        found = _older_than(before, analyses)
        return _page(found[:PAGE_SIZE], filters, older=len(found) > PAGE_SIZE, newer=before is not None)
    return _page(found[-PAGE_SIZE:], filters, older=True, newer=len(found) > PAGE_SIZE)


def repositories(org: Organization) -> list[str]:
    """Names to filter by: those that have, or had, the App."""
    names = Repository.objects.filter(org=org).order_by("full_name")
    return list(names.values_list("full_name", flat=True).distinct())


def _older_than(place: Position | None, analyses: QuerySet[Analysis]) -> list[Analysis]:
    if place:
        analyses = analyses.filter(requested_at__lte=place.at).exclude(requested_at=place.at, pk__gte=place.pk)
    return list(analyses.order_by("-requested_at", "-pk")[: PAGE_SIZE + 1])


def _newer_than(place: Position, analyses: QuerySet[Analysis]) -> list[Analysis]:
    analyses = analyses.filter(requested_at__gte=place.at).exclude(requested_at=place.at, pk__lte=place.pk)
    return list(analyses.order_by("requested_at", "pk")[: PAGE_SIZE + 1])[::-1]


def _page(found: list[Analysis], filters: Filters, *, older: bool, newer: bool) -> Page:
    titles = _titles(found)
    rows = (_row(analysis, titles.get(analysis.pk, [])) for analysis in found)
    return Page(
        rows=tuple(rows),
        older=urlencode(filters.given() | {"before": str(Position.of(found[-1]))}) if older and found else "",
        newer=urlencode(filters.given() | {"after": str(Position.of(found[0]))}) if newer and found else "",
        live=not newer or any(row.status in (Analysis.Status.QUEUED, Analysis.Status.RUNNING) for row in found),
    )


def _row(analysis: Analysis, titles: list[str]) -> Row:
    return Row(analysis, tuple(titles[:TITLES_SHOWN]), max(0, len(titles) - TITLES_SHOWN))


def _titles(analyses: Iterable[Analysis]) -> dict[int, list[str]]:
    """The titles of each analysis' causes, the surest first. One row a cause, not one a finding."""
    heads = (
        Finding.objects.filter(analysis__in=[analysis.pk for analysis in analyses])
        .order_by("analysis_id", "fingerprint", "job_id", "position")
        .distinct("analysis_id", "fingerprint")
        .values_list("analysis_id", "title", "confidence")
    )
    titles: dict[int, list[str]] = {}
    for analysis_id, title, _ in sorted(heads, key=lambda head: -head[2]):
        titles.setdefault(analysis_id, []).append(title)
    return titles
