"""Finds the detectors: every module of the package `detectors` that has DETECTOR or DETECTORS."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

from ci_analysis.engine import detectors as package
from ci_analysis.engine.detectors import Detector


@lru_cache(maxsize=1)
def detectors() -> tuple[Detector, ...]:
    """All detectors, in the order of their modules' names."""
    found: list[Detector] = []
    for module_info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{package.__name__}.{module_info.name}")
        if hasattr(module, "DETECTOR"):
            found.append(module.DETECTOR)
        found.extend(getattr(module, "DETECTORS", ()))
    return tuple(found)
