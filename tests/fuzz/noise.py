"""Making noise: thousands of requests by several threads at once, none of which is to be answered with an error."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.messages import World, messages
from tests.fuzz.wire import Connection, Message, Reply

THREADS = 4
PER_CONNECTION = 10  # requests, one after the other, as long as both sides keep it


@dataclass
class Heard:
    """How often there was which answer; 0 stands for none, to a request that was never whole."""

    statuses: Counter[int] = field(default_factory=Counter)
    requests: int = 0
    lock: Lock = field(default_factory=Lock, repr=False)

    def note(self, replies: list[Reply]) -> None:
        with self.lock:
            self.requests += 1
            self.statuses.update([reply.status for reply in replies] or [0])


def make_noise(port: int, world: World, *, requests: int, first_seed: int) -> Heard:
    """The same requests for the same seed, but for the tokens and numbers that are filled in."""
    heard = Heard()
    share = requests // THREADS // PER_CONNECTION
    with ThreadPoolExecutor(THREADS) as pool:
        threads = [pool.submit(conversations(port, world, heard, share, first_seed + n)) for n in range(THREADS)]
        for thread in threads:
            thread.result()
    return heard


def conversations(port: int, world: World, heard: Heard, n: int, number: int) -> Callable[[], None]:
    @seed(number)
    @settings(
        max_examples=n,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(messages(world), min_size=PER_CONNECTION, max_size=PER_CONNECTION))
    def converse(said: list[Message]) -> None:
        connection = Connection(port)
        for message in said:
            replies = connection.exchange(message)
            heard.note(replies)
            judge(message, replies, number)
        connection.close()

    run: Callable[[], None] = converse
    return run


def judge(message: Message, replies: list[Reply], number: int) -> None:
    """No answer says that the server was at fault, and none is missing where the request was whole."""
    statuses = [reply.status for reply in replies]
    allowed = {501} if b"transfer-encoding:" in message.data.lower() else set()  # RFC 9112, 6.1: a coding unknown to it
    at_fault = {status for status in statuses if status >= 500} - allowed
    is_missing = message.is_framed and not statuses
    assert not at_fault and not is_missing, f"With seed {number} the answer was {statuses} to:\n{message.data!r}"
