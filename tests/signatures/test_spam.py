"""No letter looks like spam to SpamAssassin: every kind in both languages, as it arrived at a real mail server.

Its rules about content alone are asked. Those about networks (block lists, DNS, signatures of the sending domain) judge
whoever runs the site, not what it writes. A letter is judged as the first server got it, without the header Received
that a relay would add: these rules call every address that may be invented for it illegal.
"""

import mailbox
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from signatures.models import Letter
from tests.signatures.every_letter import LANGUAGES, open_petition, send_each_kind
from tests.smtp import Server, mail_server

pytestmark = pytest.mark.django_db(transaction=True)

PROGRAM = "spamassassin"
NEAR_ZERO = 1.0  # points; 5.0 is spam
SPAM = "Subject: Viagra\nFrom: x@example.org\n\nXJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\n"


@pytest.fixture
def server() -> Iterator[Server]:
    with mail_server() as server:
        yield server


@pytest.fixture
def judge(tmp_path: Path) -> Iterator["Judge"]:
    if shutil.which(PROGRAM) is None:
        reason = f"{PROGRAM} is not installed (Debian: apt install spamassassin): no letter was judged"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    yield Judge(tmp_path)


class Judge:
    """SpamAssassin, with nothing learnt and nothing asked of any network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def scores(self, contents: list[bytes]) -> list[tuple[float, str]]:
        """Points, and the rules that gave them, for each message."""
        box = mailbox.mbox(self.folder / "asked")
        for content in contents:
            box.add(content.replace(b"\r\n", b"\n"))
        box.close()
        # A home without habits: no preferences, no list of senders, no words learnt.
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8"}
        options = ["--local", "--test-mode", "--nocreate-prefs", "--cf=use_bayes 0", "--mbox"]
        answer = subprocess.run(
            [PROGRAM, *options, str(self.folder / "asked")], env=env, check=True, capture_output=True, timeout=120
        )
        statuses = re.findall(r"^X-Spam-Status: (.*(?:\n[ \t].*)*)", answer.stdout.decode(), re.MULTILINE)
        return [(float(re.search(r"score=(-?[\d.]+)", status)[1]), " ".join(status.split())) for status in statuses]  # type: ignore[index]


def test_no_letter_looks_like_spam(server: Server, judge: Judge, settings: Any) -> None:
    # Real addresses of a real site, or rules about links to odd hosts would have their say.
    settings.SITE_URL = "https://petition.example.org"
    settings.DEFAULT_FROM_EMAIL = "petition@example.org"
    campaign = open_petition()
    written = [f"{kind} in {language}" for language in LANGUAGES for kind in send_each_kind(campaign, language)]
    assert {kind.partition(" ")[0] for kind in written} == set(Letter.Kind.values)

    scores = judge.scores(server.contents)
    assert [letter for letter in zip(written, scores, strict=True) if letter[1][0] >= NEAR_ZERO] == []


def test_the_judge_knows_spam(judge: Judge) -> None:
    [(points, _rules)] = judge.scores([SPAM.encode()])
    assert points > 100
