"""Logs in, findings out. Pure: no Django, no clock, no I/O."""

from ci_analysis.engine.analysis import ENGINE_VERSION, analyze, prepare
from ci_analysis.engine.report import ExcerptLine, Finding, Report

__all__ = ["ENGINE_VERSION", "ExcerptLine", "Finding", "Report", "analyze", "prepare"]
