"""The exit codes of the command, what each means, and the end of every help page that says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

OK = 0
FAILED = 1  # something that was asked for does not hold
BAD_INPUT = 2
INTERNAL = 3  # a fault of this program
UNPROVEN = 4  # not proven within the budget, and nothing else to say
INTERRUPTED = 130  # what a shell reports for a process that ctrl-C ended

MEANINGS: Mapping[int, str] = {
    OK: "answered, and nothing that was asked to fail did",
    FAILED: "the answer, the finding or the difference is not the wanted one",
    BAD_INPUT: "input or usage: nothing could be answered",
    INTERNAL: "an internal error; the message says what to report",
    UNPROVEN: "not proven within the budget, and nothing else to say",
    INTERRUPTED: "interrupted",
}
"""What each code means; a verb may say it more narrowly."""

BETWEEN = "\0--"
"""What stands for the ``--`` between two sides, once options have been told from words; no file is called so."""

ALWAYS = (OK, BAD_INPUT, INTERNAL, INTERRUPTED)
"""The codes that every verb can end with."""


class UsageError(Exception):
    """The command line asks for what cannot be; *usage* is the line that shows how it is used, where there is one."""

    def __init__(self, message: str, usage: str = "") -> None:
        self.message = message
        self.usage = usage
        super().__init__(message, usage)

    def __str__(self) -> str:
        return self.message


def help_end(examples: Iterable[str], **meanings: str) -> str:
    """Return the end of a help page: *examples*, and the codes that apply.

    *meanings* say a code more narrowly, by its name in lower case, such as ``failed``; a code that not every verb has
    is listed where it is among them.

    >>> print(help_end(["meshegress check mesh/"], failed="some object is refused"))
    examples:
      meshegress check mesh/
    <BLANKLINE>
    exit codes:
      0    answered, and nothing that was asked to fail did
      1    some object is refused
      2    input or usage: nothing could be answered
      3    an internal error; the message says what to report
      130  interrupted
    """
    narrower = {_CODES[name]: meaning for name, meaning in meanings.items()}
    told = {**MEANINGS, **narrower}
    lines = ["examples:", *(f"  {example}" for example in examples), "", "exit codes:"]
    return "\n".join(lines + [f"  {code:<4} {told[code]}" for code in sorted({*ALWAYS, *narrower})])


_CODES = {
    "ok": OK,
    "failed": FAILED,
    "bad_input": BAD_INPUT,
    "internal": INTERNAL,
    "unproven": UNPROVEN,
    "interrupted": INTERRUPTED,
}
