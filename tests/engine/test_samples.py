"""What the engine says about real output of tools; one sample a file under samples/."""

from __future__ import annotations

import pytest

from ci_analysis.engine import analyze, registry
from ci_analysis.engine.detectors import GENERIC
from ci_analysis.engine.scan import scan
from tests.engine.sample_files import Sample, in_actions, load, mistakes

SAMPLES = load()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_sample_alone_is_understood(sample: Sample) -> None:
    assert mistakes(sample, sample.output, analyze(sample.output)) == []


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_sample_in_a_github_actions_job_is_understood(sample: Sample) -> None:
    log = in_actions(sample)
    assert mistakes(sample, log, analyze(log)) == []


def claims(output: bytes) -> dict[int, set[str]]:
    """Tools by the first line of each diagnostic that they are sure of."""
    found = scan(output, ())
    lines: dict[int, set[str]] = {}
    for index, detector in enumerate(registry.detectors()):
        hits = found.hits.get(f"detector:{index}", [])
        for diagnostic in detector.find(found.log, hits) if hits else ():
            if diagnostic.confidence > GENERIC:
                lines.setdefault(diagnostic.lines[0][0], set()).add(detector.tool)
    return lines


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_detectors_do_not_claim_each_others_lines(sample: Sample) -> None:
    shared = {number: tools for number, tools in claims(sample.output).items() if len(tools) > 1}
    assert shared == {}
