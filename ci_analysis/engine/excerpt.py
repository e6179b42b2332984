"""The part of a log that is shown, within a budget of characters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

LINE_CHARS = 600  # longer lines are cut in the middle: the beginning says what, the end often why
GAP = "…"
TRIES = 25  # lines that do not fit any more before giving up
SMALLEST = 12  # characters left that are not worth looking for a line that fits


def clip(text: str, limit: int = LINE_CHARS) -> str:
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    return f"{text[:head]} {GAP} {text[len(text) - (limit - head - 3) :]}" if limit > 10 else text[:limit]


def choose(order: Iterable[int], text: Callable[[int], str], budget: int) -> dict[int, str]:
    """Lines by number, taken in order of importance until the budget of characters is used up; sorted.

    Each line costs its characters, its line end, and room for one mark of a gap.
    """
    taken: dict[int, str] = {}
    too_long = 0
    for number in order:
        if number in taken:
            continue
        line = text(number)
        cost = len(line) + 1 + 2 * (number - 1 not in taken and number + 1 not in taken)
        if cost <= budget:
            taken[number] = line
            budget -= cost
        else:
            too_long += 1
        if budget < SMALLEST or too_long > TRIES:
            break
    return dict(sorted(taken.items()))


def render(lines: Mapping[int, str]) -> str:
    """The chosen lines with a mark where lines are left out."""
    out: list[str] = []
    previous = None
    for number, text in lines.items():
        if previous is not None and number != previous + 1:
            out.append(GAP)
        out.append(text)
        previous = number
    return "\n".join(out)
