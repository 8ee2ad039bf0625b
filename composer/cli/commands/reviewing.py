"""``composer cleanup --review``: the proposed changes one by one in the terminal, with keys to decide on each."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from composer.errors import UsageProblem, counted, printable

if TYPE_CHECKING:
    from rich.console import Console

    from composer.cleanup.proposals import Proposal
    from composer.cleanup.review import Question, View

YES, NO, ALL, REFUSE_ALL, BACK, QUIT = "y", "n", "a", "r", "b", "q"
KEYS = "y(es) n(o) a(ll from here) r(efuse the rest) b(ack) q(uit, write nothing)"
WORDS = {
    "y": YES, "yes": YES, "n": NO, "no": NO, "a": ALL, "all": ALL, "r": REFUSE_ALL, "refuse": REFUSE_ALL, "b": BACK,
    "back": BACK, "q": QUIT, "quit": QUIT,
}  # fmt: skip


class Reviewer:
    """Asks on stderr, reads answers from stdin: one line each, an empty one for what is proposed."""

    def __init__(self) -> None:
        self._console: Console | None = None

    def answers(self, proposal: Proposal) -> dict[str, bool] | None:
        """Change id -> accepted; None where the person quits. Raises UsageProblem when the answers end too early."""
        try:
            return self._asked(proposal)
        except KeyboardInterrupt:
            print("\nnothing was written", file=sys.stderr)
            raise

    def _asked(self, proposal: Proposal) -> dict[str, bool] | None:
        from composer.cleanup.review import questions, view

        asked = questions(proposal)
        answers = {change.id: change.accept for change in proposal.changes}
        place = 0
        while place < len(asked):
            question, number = asked[place], f"{place + 1} of {len(asked)}"
            self._show(question, view(proposal, question, answers), number)
            key = self._key(question.stands(answers), number)
            if key == QUIT:
                return None
            decided = asked[place:] if key in (ALL, REFUSE_ALL) else asked[place : place + 1]
            if key in (YES, NO, ALL, REFUSE_ALL):
                answers |= {one: key in (YES, ALL) for later in decided for one in later.as_it_is}
            place = max(0, place - 1) if key == BACK else place + len(decided)
        self._sum_up(answers)
        return answers

    def _show(self, question: Question, bars: View, number: str) -> None:
        self._say(f"{number}  {question.what}", "bold")
        if question.is_suggestion:
            self._say("  in a bar that you edited: only a suggestion", "yellow")
        self._say(f"  why     {question.why}")
        for name, lines, style in (("before", bars.before, "red"), ("after", bars.after, "green")):
            for line in lines:
                self._say(f"  {name:7} {line}", style)
        for line in bars.around:
            self._say(f"  {'with':7} {line}", "dim")

    def _key(self, stands: str, number: str) -> str:
        """The letter of ``KEYS`` that the person chose, or "" for what ``stands``."""
        while True:
            print(f"  {KEYS} [{stands}] ", end="", file=sys.stderr, flush=True)
            line = sys.stdin.readline()
            if not line or not sys.stdin.isatty():
                print(file=sys.stderr)  # nobody pressed Enter on the screen
            if not line:
                what = f"the answers end at change {number}; nothing was written"
                raise UsageProblem("--review", what, "end them with a or r")
            word = line.strip().lower()
            if not word or word in WORDS:
                return WORDS.get(word, "")
            self._say(f"  {word!r} is none of the keys")

    def _sum_up(self, answers: Mapping[str, bool]) -> None:
        accepted = sum(answers.values())
        if answers:
            self._say(f"accepted {counted(accepted, 'note')}, refused {len(answers) - accepted}", "bold")
        else:
            self._say("there is nothing to decide on: no change is proposed")

    def _say(self, line: str, style: str = "") -> None:
        """A line on stderr, in colour where a person sits there."""
        if not (sys.stderr.isatty() and sys.stdin.isatty()):
            print(printable(line), file=sys.stderr)
            return
        if self._console is None:
            from rich.console import Console

            self._console = Console(stderr=True, highlight=False)
        self._console.print(printable(line), style=style or None, markup=False)
