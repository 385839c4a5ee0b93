"""People who sign and confirm while something breaks, and what each of them was answered."""

import re
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from itertools import count
from threading import Event, Lock, Thread
from time import monotonic, sleep
from urllib.parse import urlencode

from signatures import tokens
from tests.bench.site import PAGE, BenchSite

THREADS = 6
PATIENCE = 30  # seconds, for an answer
PAUSE = 0.2  # seconds, before somebody who was not served tries again
READING = 0.1  # seconds, before the next one signs: each of their letters has to leave before a test is over


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request; no status where there was no answer."""

    what: str
    status: int | None
    pk: int | None
    at: float
    seconds: float


class People:
    """`with People(site) as people:` has them sign and confirm, one after the other in each of several threads.

    Whoever is answered 503, or not at all, sends the same again. `reading` is how many seconds pass between two.
    """

    numbers = count(1)

    def __init__(
        self, site: BenchSite, threads: int = THREADS, *, keep_alive: bool = True, reading: float = READING
    ) -> None:
        self.site, self.keep_alive, self.reading = site, keep_alive, reading
        self.answers: list[Answer] = []
        self.is_over = Event()
        self.lock = Lock()
        self.threads = [Thread(target=self.go_on) for _ in range(threads)]

    def __enter__(self) -> "People":
        found = re.search(r'name="consent_id" value="(\d+)"', read(self.site.port, PAGE))
        assert found
        self.consent = found[1]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def go_on(self) -> None:
        connection = HTTPConnection("127.0.0.1", self.site.port, timeout=PATIENCE)
        while not self.is_over.is_set():
            signed = self.until_served(connection, "sign", f"{PAGE}sign/", self.form())
            if signed.pk is not None:
                token = tokens.CONFIRM.make(signed.pk)
                self.until_served(connection, "confirm", f"/es/confirm/{token}/", {}, signed.pk)
            self.is_over.wait(self.reading)
        connection.close()

    def form(self) -> dict[str, str]:
        number = next(self.numbers)
        return {
            "name": f"Rosa Quispe {number}",
            "email": f"rosa.{number}@d{number}.example.org",
            "country": "PE",
            "visibility": "delivered" if number % 5 else "secret",
            "consent": "on",
            "consent_id": self.consent,
        }

    def until_served(
        self, connection: HTTPConnection, what: str, path: str, form: dict[str, str], pk: int | None = None
    ) -> Answer:
        """The last answer: 303, or whatever there was when it was over."""
        while True:
            answer = self.ask(connection, what, path, form, pk)
            with self.lock:
                self.answers.append(answer)
            if answer.status not in (503, None) or self.is_over.is_set():
                return answer
            sleep(PAUSE)

    def ask(self, connection: HTTPConnection, what: str, path: str, form: dict[str, str], pk: int | None) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        begun = monotonic()
        try:
            connection.request("POST", path, urlencode(form), headers | {"Host": "localhost"})
            response = connection.getresponse()
            response.read()
            status = response.status
            if not self.keep_alive:
                connection.close()
        except (OSError, HTTPException):
            connection.close()
            return Answer(what, None, None, begun, monotonic() - begun)
        if status == 303 and what == "sign":
            handle = re.search(r"/check-email/([^/]+)/", response.headers["Location"])
            assert handle
            pk = tokens.Handle.read(handle[1]).signature_id
        return Answer(what, status, pk if status == 303 else None, begun, monotonic() - begun)

    def served(self, what: str) -> list[int]:
        return [answer.pk for answer in self.answers if answer.what == what and answer.pk is not None]

    def statuses(self) -> Counter[int | None]:
        return Counter(answer.status for answer in self.answers)

    def rate_since(self, moment: float) -> float:
        """Answers of 303 a second since then."""
        done = [answer for answer in self.answers if answer.status == 303 and answer.at >= moment]
        return len(done) / (monotonic() - moment)


def read(port: int, path: str) -> str:
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        connection.request("GET", path, headers={"Host": "localhost"})
        answer = connection.getresponse()
        assert answer.status == 200, answer.status
        return answer.read().decode()
