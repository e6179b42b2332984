"""The engine against a corpus of logs with known causes: `python -m tests.bench.evaluate CORPUS`.

Runs `manage.py analyze --batch` on the corpus' manifests, with green logs and without, at the usual excerpt length and
at a long one, and hands the results to the corpus' own score.py. Then prints how far the stated confidence of a finding
can be trusted: the share of cases whose category is right, by confidence of the first finding. Last, the same table
without the detectors of single tools: what to expect of a tool that nobody wrote a detector for.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any
from unittest import mock

from ci_analysis.engine import registry
from ci_analysis.management.commands import analyze as analyze_command

ROOT = Path(__file__).parents[2]
LONG_EXCERPT = 20_000
GENERIC_DETECTORS = ("annotation", "diagnostic", "exception")


def analyze(manifest: Path, results: Path, excerpt_chars: int) -> None:
    command = [
        sys.executable,
        str(ROOT / "manage.py"),
        "analyze",
        "--batch",
        str(manifest),
        "--excerpt-chars",
        str(excerpt_chars),
    ]
    with results.open("w", encoding="utf-8") as out:
        subprocess.run(command, stdout=out, check=True)


def analyze_without_tools(manifest: Path, results: Path, excerpt_chars: int) -> None:
    with results.open("w", encoding="utf-8") as out:
        for task in analyze_command.manifest(manifest):
            out.write(json.dumps(analyze_command.run(task, excerpt_chars).as_json()) + "\n")


def unknown_tools(corpus: Path, folder: Path) -> str:
    """The table when only the detectors are there that know no tool."""
    generic = tuple(detector for detector in registry.detectors() if detector.tool in GENERIC_DETECTORS)
    results, nobaseline = folder / "generic.jsonl", folder / "generic-n.jsonl"
    with mock.patch.object(registry, "detectors", return_value=generic):
        analyze_without_tools(corpus / "manifest.jsonl", results, 4000)
        analyze_without_tools(corpus / "manifest-nobaseline.jsonl", nobaseline, 4000)
    table = score(corpus, results, nobaseline).splitlines()
    return "\n".join(line for line in table if line and "peer:" not in line and "---" not in line)


def score(corpus: Path, results: Path, nobaseline: Path, *, cases: Path | None = None) -> str:
    command = [sys.executable, str(corpus / "score.py"), str(results), "--nobaseline", str(nobaseline)]
    command += ["--cases", str(cases)] if cases else []
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def reliability(results: Path, cases: dict[str, Any]) -> list[str]:
    """A line for each confidence: how often the category is right where the corpus knows it."""
    right: dict[float, list[float]] = defaultdict(list)
    for line in results.read_text(encoding="utf-8").splitlines():
        result = json.loads(line)
        known = cases.get(result["id"], {}).get("category")
        if known is not None:
            findings = result["findings"]
            right[findings[0]["confidence"] if findings else 0.0].append(known)
    rows = [
        f"{confidence:>10.2f}  {len(hits):>5}  {sum(hits) / len(hits):>14.3f}"
        for confidence, hits in sorted(right.items())
    ]
    return ["confidence  cases  category right", *rows]


def long_excerpt_rows(table: str) -> list[str]:
    """The block of the table that depends on the excerpt's length."""
    blocks = table.split("\n\n")
    return [line for block in blocks if block.startswith("logdx") for line in block.splitlines()[:3]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    corpus = parser.parse_args().corpus.resolve()
    if not (corpus / "score.py").is_file():
        parser.error(f"{corpus} has no score.py")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        results, nobaseline, long, cases = (folder / f for f in ("r.jsonl", "n.jsonl", "long.jsonl", "cases.json"))
        analyze(corpus / "manifest.jsonl", results, 4000)
        analyze(corpus / "manifest-nobaseline.jsonl", nobaseline, 4000)
        analyze(corpus / "manifest.jsonl", long, LONG_EXCERPT)
        out = [score(corpus, results, nobaseline, cases=cases)]
        out += [f"excerpt of {LONG_EXCERPT:,} characters", *long_excerpt_rows(score(corpus, long, nobaseline)), ""]
        out += reliability(results, json.loads(cases.read_text(encoding="utf-8")))
        out += ["", "without the detectors of single tools", unknown_tools(corpus, folder)]
    print("\n".join(out))


if __name__ == "__main__":
    main()
