"""``composer cleanup --review``: the proposed changes one by one in the terminal, with keys to decide on each."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from composer.errors import UsageProblem, printable

if TYPE_CHECKING:
    from rich.console import Console

    from composer.cleanup.proposals import Proposal
    from composer.cleanup.review import Question

YES, NO, ALL, REFUSE_ALL = "y", "n", "a", "r"
ALL_KEYS = (ALL, REFUSE_ALL)
KEYS = "y(es) n(o) a(ll from here) r(efuse the rest) b(ack) q(uit, write nothing)"
WORDS = {
    "y": YES, "yes": YES, "n": NO, "no": NO, "a": ALL, "all": ALL, "r": REFUSE_ALL, "refuse": REFUSE_ALL, "b": "b",
    "back": "b", "q": "q", "quit": "q",
}  # fmt: skip


class Reviewer:
    """Asks on stderr, reads answers from stdin: one line each, an empty one for what is proposed."""

    def __init__(self) -> None:
        self._console: Console | None = None

    def answers(self, proposal: Proposal) -> dict[str, bool] | None:
        """Change id -> accepted; None where the person quits. Raises UsageProblem when the answers end too early."""
        from composer.cleanup.review import questions

        asked = questions(proposal)
        decided = [question.as_it_is for question in asked]
        place = 0
        while place < len(asked):
            self._show(asked[place], place, len(asked))
            key = self._key(asked[place].stands(decided[place]), place, len(asked))
            if key == "q":
                return None
            if key in ALL_KEYS:
                for later in range(place, len(asked)):
                    decided[later] = asked[later].answers(key == ALL)
                break
            if key in (YES, NO):
                decided[place] = asked[place].answers(key == YES)
            place = max(0, place - 1) if key == "b" else place + 1
        self._sum_up(decided)
        return {change: accept for one in decided for change, accept in one.items()}

    def _show(self, question: Question, place: int, total: int) -> None:
        self._say(f"{place + 1} of {total}  {question.what}", "bold")
        if question.is_suggestion:
            self._say("  in a bar that you edited: only a suggestion", "yellow")
        self._say(f"  why     {question.why}")
        for name, lines, style in (("before", question.before, "red"), ("after", question.after, "green")):
            for line in lines:
                self._say(f"  {name:7} {line}", style)
        for line in question.around:
            self._say(f"  {'with':7} {line}", "dim")

    def _key(self, stands: str, place: int, total: int) -> str:
        """The letter of ``KEYS`` that the person chose, or "" for what ``stands``."""
        while True:
            print(f"  {KEYS} [{stands}] ", end="", file=sys.stderr, flush=True)
            line = sys.stdin.readline()
            if not line or not sys.stdin.isatty():
                print(file=sys.stderr)  # nobody pressed Enter on the screen
            if not line:
                what = f"the answers end at change {place + 1} of {total}; nothing was written"
                raise UsageProblem("--review", what, "end them with a or r")
            word = line.strip().lower()
            if not word or word in WORDS:
                return WORDS.get(word, "")
            self._say(f"  {word!r} is none of the keys")

    def _sum_up(self, decided: Sequence[Mapping[str, bool]]) -> None:
        if not decided:
            self._say("there is nothing to decide on: no change is proposed")
            return
        notes = [accept for one in decided for accept in one.values()]
        self._say(f"accepted {sum(notes)} notes, refused {len(notes) - sum(notes)}", "bold")

    def _say(self, line: str, style: str = "") -> None:
        """A line on stderr, in colour where a person sits there."""
        if not (sys.stderr.isatty() and sys.stdin.isatty()):
            print(printable(line), file=sys.stderr)
            return
        if self._console is None:
            from rich.console import Console

            self._console = Console(stderr=True, highlight=False)
        self._console.print(printable(line), style=style or None, markup=False)
