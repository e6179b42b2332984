"""Patterns of the byte pass that no single tool owns: the skeleton of CI logs, and words of failure.

The patterns only find lines worth reading; what a line says is decided by `grade` on its cleaned text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

import hyperscan

WORDS = (
    r"(?i)\berr(?:or|ors|ored|no)?\b|error:|errors?\]|\w(?:error|exception|failure)\b|exceptions?\b"
    r"|\bfail(?:s|ed|ing|ure|ures)?\b|fatal|\bpanic|traceback|abort(?:ed|ing)|violations?\b"
    r"|denied|refused|unable to|cannot|can't|could ?n.t|could not|couldn't|not found|no such|not allowed|not permitted"
    r"|not exist|not up[- ]to[- ]date|not installed|not match|unauthori[sz]ed|forbidden|invalid|undefined"
    r"|unresolved|unexpected|unknown"
    r"|unrecogni[sz]ed|unsupported|missing|mismatch|conflict|rejected|incompatible|inconsistent|incorrect"
    r"|outdated|would reformat|reformatted|deprecat\w+ error"
    r"|time[d-]? ?out|killed|segfault|segmentation|core dumped|bus error|out of memory|\boom"
    r"\b|no space left|exit(?:ed)? (?:status|code|with)|returned non-?zero"
    r"|bad gateway|unavailable|too many|rate limit|already in use|expected|assert|unhandled|uncaught"
    r"|interrupted|cancel+ed|crashed|terminated|vulnerabilit",
    r"\xe2\x9c\x95|\xe2\x9c\x96|\xe2\x9c\x97|\xe2\x9d\x8c|\xc3\x97 |\xe2\x97\x8f ",
)
KINDS: dict[str, tuple[str, ...]] = {
    "group": (r"##\[group\]",),
    "post": (r"Post job cleanup\.",),
    "error": (r"##\[error\]", r"::error[ :]"),
    "exited": (
        r"exited with [0-9]+\.",
        r"marked build as failure",
        r"Finished: [A-Z]+",
        r"ERROR: Job failed",
        r"ERROR: script returned exit code",
        r"Exited with code exit status",
        r"Job succeeded",
        r"Your build exited with",
    ),
    "section": (r"##\[section\]Starting: ",),
    "word": WORDS,
}

# What a runner says when a command has failed; it closes the failing step and explains nothing.
WRAPPER = re.compile(
    r"^(?:Process completed with exit code \d+\.?"
    r"|(?:Error: )?The process '.{1,300}' failed with exit code \d+|Docker run failed with exit code \d+"
    r"|Bash exited with code '?\d+'?\.?|PowerShell exited with code '?\d+'?\.?|Cmd\.exe exited with code '?\d+'?\.?"
    r"|The command \".{0,2000}\" (?:exited with|failed and exited with) \d+.*"
    r"|Build step '.{1,100}' marked build as failure|Finished: FAILURE"
    r"|ERROR: Job failed: .*exit (?:code|status) \d+.*|Your build has been stopped\.?"
    r"|Done\. Your build exited with \d+\.?"
    r"|ERROR: script returned exit code \d+|exit status \d+|Exited with code exit status \d+"
    r"|error Command failed with exit code \d+\.|\s*ELIFECYCLE\s+Command failed with exit code \d+\.)$"
)

# Forms of a cleaned line, matched by Hyperscan over many lines at once: a tenth of the time of `re` a line.
NEGATED = (
    r"(?i)\b(?:no|0|zero|without|any) (?:\w+ )?(?:errors?|failures?|failed|problems|issues|warnings?|vulnerabilit)"
    r"|^[\w \t]+: 0$|\b(?:errors?|failures?|failed|fail): ?0(?:[^\d.]|$)|\berrors?[=:] ?0\b|--no-fail|fail[-_]fast"
    r"|continue-on-error|if-no-files-found"
    r"|ignore[-_ ]errors?|on[-_]failure|\bset -\w*e|error_?handl|errorlevel|-W ?error|nofail|fail-on"
    r"|failOn|failIf|\|\| (?:true|exit|echo)"
)
PASSED = r"^\s*(?:ok\b|PASS(?:ED)?\b|✓|✔|√)|\b(?:PASSED|SUCCESS|\.\.\. ok|OK)\s*(?:\[.*\]|\(.*\))?$"
NOISE = (
    r"^\s*(?:\+ |\$ |> git |Downloading |Downloaded |Collecting |Requirement already|Get:\d|Hit:"
    r"\d|Unpacking |Setting up |Selecting |Preparing to"
    r"|Installing:? |Compiling |Building |Copying |inflating:|adding:|creating |remote: (?:Counting"
    r"|Compressing|Enumerating)|Receiving objects|\* \[new|[-+*] \w+@"
    r"|#include|import |from \S+ import|warning[ :\[]|WARN|DEBUG|INFO|\[(?:INFO|DEBUG|WARN(?:ING)?)"
    r"\]|npm (?:warn|WARN|notice)|if \[|echo |printf )"
)
STRONG = (
    # path:line[:column]: error, path(line,column): error
    r"^\S[^:()\n]*(?::\d+(?::\d+|\.\d+)?(?:-\d+)?|\(\d+(?:,\d+)?\))\s*[:-]?\s+(?:fatal )?(?:error|ERROR"
    r"|Error|E\d+|[A-Z]{1,4}\d{2,4}\b)",
    # an exception by its class, "module.SomeError: message"
    r"^(?:E\s+|\s{0,8})?(?:[A-Za-z_][\w$]*(?:\.|::|\\))*[A-Z]\w*(?:Error|Exception|Failure|Fault|Exit"
    r"|Interrupt|Timeout)\b(?::|$| \[|\()",
    r"^(?:Caused by|Exception in thread|Unhandled|Uncaught|Traceback \(most recent|panic:|fatal error:"
    r"|thread '.*' (?:\(\d+\) )?panicked)",
    r"^\s*(?:\[?(?:ERROR|FATAL|CRITICAL|SEVERE|FAILED|FAIL|FAILURE)\b\]?|\[?(?:error|fatal|Error|Fatal"
    r"|failed)\]?(?:\[\w+\])?:|error\[\w+\]|error TS\d+"
    r"|✕|✖|✗|❌|×|●|✘|npm (?:ERR!|error)|ERR!|E: |e: |err:|fatal: |ERR_)",
    r"\b(?:error|fatal error|ERROR|Error) ?(?:[A-Z]+\d+)?: \S|\bfatal: |^(?:bash|sh|/bin/\w+"
    r"|\S+\.sh): (?:line \d+: )?.*(?:not found|No such file|denied|syntax error|unbound)",
    r"Segmentation fault|core dumped|No space left on device|[Oo]ut of memory|OutOfMemory"
    r"|command not found|Permission denied|Connection refused|^Killed\b"
    r"|AddressSanitizer|<<< (?:ERROR|FAILURE)!|--- FAIL|^\s*FAIL[ :\t]|\sFAIL: |\bFAILED$|\bFAILED "
    r"\(|CONFLICT \(|\bBUILD FAIL(?:ED|URE)|[Aa]ssertion .*failed",
)
MEDIUM = (
    r"(?i)\b(?:error|errors|exception|failed|failure|failures|fails|fatal|cannot|can't|could not|couldn't"
    r"|unable to|denied|refused|rejected|timed out|timeout|not found|no such"
    r"|not allowed|not permitted|does not exist|doesn't exist|not up[- ]to[- ]date|undefined|unresolved"
    r"|unexpected|unrecogni[sz]ed|unsupported|missing|mismatch|conflict"
    r"|incompatible|inconsistent|incorrectly|would reformat|invalid|unauthorized|forbidden|aborted"
    r"|crashed|killed|cancell?ed|exit code [1-9]\d*|exit status [1-9]\d*"
    r"|exited with [1-9]\d*|non-?zero|vulnerabilit(?:y|ies)|already in use|bad gateway|unavailable)\b",
    r"\w(?:Error|Exception)\b",
)
# That it failed, without why; and advice on how to find out.
BARE = (
    r"^\s*(?:\[(?:INFO|ERROR)\] )?(?:FAIL(?:ED|URE)?|ERROR|FAIL\t.*|BUILD FAIL(?:ED|URE)(?: in .*)?"
    r"|FAILURE: Build failed with an exception\.|> Run with --.*|\* (?:Try|What went wrong|Exception is):"
    r"|(?:>|\*) Get more help at .*)$"
)
# How tools close a run without failures.
SUCCESS = re.compile(
    r"\bBUILD SUCCESS|^ok\s|\btest result: ok\b|\bfailed=0\b|\b0 (?:failures?|errors?|failed)\b|^OK\b|^PASS(?:ED)?$"
    r"|\bFailures: 0, Errors: 0\b|^[\s=]*\d+ passed\b(?!.*\bfailed)|\bNo issues (?:found|identified)"
    r"|\b[Aa]ll .{0,40}passed"
)
FORMS = ((NEGATED, PASSED, BARE), (NOISE,), STRONG, MEDIUM)
NOT, NOISY, IS_STRONG, IS_MEDIUM = (1 << form for form in range(len(FORMS)))


@lru_cache(maxsize=1)
def forms() -> hyperscan.Database:
    patterns = [(pattern.encode(), form) for form, group in enumerate(FORMS) for pattern in group]
    database = hyperscan.Database()
    database.compile(
        expressions=[pattern for pattern, _ in patterns],
        ids=[form for _, form in patterns],
        elements=len(patterns),
        flags=[hyperscan.HS_FLAG_MULTILINE] * len(patterns),
    )
    return database


def grades(texts: Sequence[str]) -> list[int]:
    """How much each line looks like a statement of failure.

    0 not, 1 in the form of a diagnostic but in a line of noise, 2 words of failure, 3 in the form of a diagnostic.
    """
    lines = [text.encode() for text in texts]
    ends = list(accumulate(len(line) + 1 for line in lines))
    seen = [0] * len(lines)

    def on_match(form: int, _start: int, end: int, _flags: int, _context: object) -> None:
        seen[bisect_left(ends, end)] |= 1 << form

    database = forms()
    database.scan(b"\n".join(lines), match_event_handler=on_match, scratch=hyperscan.Scratch(database))
    return [0 if WRAPPER.match(text) else grade_of(mask) for text, mask in zip(texts, seen, strict=True)]


def grade_of(mask: int) -> int:
    if not mask & (IS_STRONG | IS_MEDIUM) or mask & NOT:
        return 0
    if mask & IS_STRONG:
        return 1 if mask & NOISY else 3
    return 0 if mask & NOISY else 2
