"""Check runs: what we write, and what GitHub says it has.

Limits from GitHub's description of the Checks API: title and text, 255 and 65,535 characters; 50
annotations a call; 64 KB for an annotation's message. What is longer is cut here, because a 422 would lose
the whole check run.
"""

from dataclasses import dataclass
from typing import Any

from ci_analysis.github.reading import text, text_or_none

ANNOTATIONS_PER_CALL = 50
TITLE_CHARACTERS = 255
TEXT_CHARACTERS = 65_535
MESSAGE_BYTES = 64_000


@dataclass(frozen=True)
class Annotation:
    """A remark at lines of a file, 1-based and inclusive. `level` is failure, warning or notice."""

    path: str
    start_line: int
    end_line: int
    message: str
    level: str = "failure"
    title: str = ""
    start_column: int | None = None
    end_column: int | None = None

    def as_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "path": self.path,
            "start_line": self.start_line,
            "end_line": self.end_line,
            "annotation_level": self.level,
            "message": self.message.encode()[:MESSAGE_BYTES].decode(errors="ignore"),
        }
        if self.title:
            data["title"] = shortened(self.title, TITLE_CHARACTERS)
        # GitHub refuses columns on an annotation of several lines.
        if self.start_line == self.end_line and self.start_column:
            data["start_column"] = self.start_column
            data["end_column"] = self.end_column or self.start_column
        return data


@dataclass(frozen=True)
class CheckOutput:
    title: str
    summary: str
    text: str = ""

    def as_json(self) -> dict[str, Any]:
        data = {
            "title": shortened(self.title, TITLE_CHARACTERS),
            "summary": shortened(self.summary, TEXT_CHARACTERS),
        }
        if self.text:
            data["text"] = shortened(self.text, TEXT_CHARACTERS)
        return data


@dataclass(frozen=True)
class CheckRunDraft:
    """`external_id` is our id of what the check run tells. It is found again by it, so it must not change."""

    name: str
    head_sha: str
    external_id: str
    output: CheckOutput
    status: str = "completed"
    conclusion: str | None = None
    details_url: str = ""
    annotations: tuple[Annotation, ...] = ()

    def as_json(self, annotations: tuple[Annotation, ...]) -> dict[str, Any]:
        data: dict[str, Any] = {
            "name": self.name,
            "external_id": self.external_id,
            "status": self.status,
            "output": self.output.as_json(),
        }
        if annotations:
            data["output"]["annotations"] = [annotation.as_json() for annotation in annotations]
        if self.conclusion:
            data["conclusion"] = self.conclusion
        if self.details_url:
            data["details_url"] = self.details_url
        return data


@dataclass(frozen=True)
class CheckRun:
    id: int
    name: str
    head_sha: str
    external_id: str
    status: str
    conclusion: str | None
    html_url: str
    annotations_count: int


def parse_check_run(data: Any) -> CheckRun:
    return CheckRun(
        id=int(data["id"]),
        name=str(data["name"]),
        head_sha=text(data.get("head_sha")),
        external_id=text(data.get("external_id")),
        status=text(data.get("status")),
        conclusion=text_or_none(data.get("conclusion")),
        html_url=text(data.get("html_url")),
        annotations_count=int((data.get("output") or {}).get("annotations_count") or 0),
    )


def shortened(value: str, characters: int) -> str:
    return value if len(value) <= characters else value[: characters - 1] + "…"
