"""The administrator's shell on the machine, in which the commands of docs/deploy.md are given, one after the other."""

import subprocess
from pathlib import Path
from time import monotonic

from petition_site.local.processes import until
from tests.debian.commands import chapters, with_own
from tests.debian.machine import Machine

STEP_WITHIN = 1800  # seconds
ASKS_QUESTIONS = "petition createsuperuser\n"  # and so wants a terminal


class Shell:
    """Where a command fails, the rest is not done."""

    def __init__(self, machine: Machine, log: Path, own: dict[str, str]) -> None:
        self.machine, self.log, self.own = machine, log, own  # what stands where the page has room for one's own
        self.steps = 0
        self.took: dict[str, float] = {}  # seconds, by chapter
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                machine.enter("bash", "--noprofile", "--norc", "-e"),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(machine.env),
                text=True,
            )

    def blocks(self, chapter: str) -> list[str]:
        return [with_own(block, self.own) for block in chapters()[chapter] if block != ASKS_QUESTIONS]

    def follow(self, chapter: str) -> None:
        begun = monotonic()
        for block in self.blocks(chapter):
            self.run(block)
        self.took[chapter] = monotonic() - begun

    def run(self, commands: str) -> None:
        self.steps += 1
        done = f"/run/step-{self.steps}"
        told = self.machine.root / "root" / f"step-{self.steps}.sh"
        told.write_text(commands, encoding="utf-8")
        assert self.process.stdin
        self.process.stdin.write(f"set -x; . /root/{told.name} < /dev/null; touch {done}\n")
        self.process.stdin.flush()
        seen = Path(f"/proc/{self.machine.init}/root{done}")
        until(lambda: seen.exists() or self.process.poll() is not None, STEP_WITHIN)
        assert seen.exists(), f"{commands}\nended with {self.process.poll()}:\n{self.log.read_text()[-6000:]}"

    def leave(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(60)
