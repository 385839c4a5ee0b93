"""What is sent: requests that fit, and in each of their parts, from the method to the last chunk, what does not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, quote_plus

from hypothesis import strategies as st

from tests.fuzz import oddities
from tests.fuzz.addresses import Address
from tests.fuzz.oddities import MARK
from tests.fuzz.wire import Message

Draw = st.DrawFn
Fields = list[tuple[str, bytes]]


def usually(n: int, *odd: bytes) -> st.SearchStrategy[bytes | None]:
    """Nothing, but for one time in n; then one of these. The choices are few and wide: each draw costs 0.1 ms."""
    return st.sampled_from([None] * (n - 1) * len(odd) + list(odd))


@dataclass(frozen=True, repr=False, eq=False)  # Hypothesis would write it out, which is long
class World:
    """What there is to be met: where the site is, and what its addresses can be filled with."""

    host: str
    slug: str
    addresses: Sequence[Address]
    static: Sequence[str]
    consents: Mapping[str, int]  # in force, by their language
    tokens: Mapping[str, Sequence[str]]  # of some signatures, by the word of the address before them

    @property
    def links(self) -> list[str]:
        return [token for tokens in self.tokens.values() for token in tokens]

    @cached_property
    def places(self) -> st.SearchStrategy[Address]:
        """Those of the public weigh the most."""
        staffs = [address for address in self.addresses if address.route.startswith("admin/")]
        public = [address for address in self.addresses if address not in staffs]
        login = [address for address in staffs if address.route == "admin/login/"]
        forms = [address for address in public if address.route.startswith(("es/", "en/"))]
        static = [Address.of(f"static/{name}") for name in self.static]
        unknown = [Address.of("<a>"), Address.of("<a>/<b>/"), Address.of("<a>/<b>/<c>/<d>")]
        sign = [address for address in forms if address.route.endswith("/sign/")]
        return st.sampled_from([*sign * 60, *forms * 8, *public * 2, *staffs, *login * 20, *static * 2, *unknown * 20])

    @cached_property
    def gaps(self) -> dict[str, st.SearchStrategy[bytes]]:
        """By the word before them, or else by their name."""
        every = [token.encode() for token in self.links]
        changed = [
            token[:at] + with_ + token[at + 1 :] for token in every[::7] for at in (0, 9, -1) for with_ in (b"A", b"%")
        ]
        odd = oddities.SEGMENTS
        found = {"slug": st.sampled_from([self.slug.encode()] * len(odd) * 9 + odd)}
        for word, tokens in self.tokens.items():
            right = [token.encode() for token in tokens]
            times = 3 * (len(every) + len(changed) + len(odd)) // len(right) + 1
            found[word] = st.sampled_from(right * times + every + changed + odd)
        return found


ODD_VALUES = st.one_of(
    *[st.sampled_from(oddities.VALUES)] * 3,
    st.binary(max_size=20),
    st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass")),
)
ODD_SEGMENTS = st.sampled_from(oddities.SEGMENTS)
ODD_TARGETS = usually(40, *oddities.TARGETS)
QUERIES = usually(4, *oddities.QUERIES)
HOSTS = usually(40, *oddities.HOSTS)
HEADERS = st.lists(
    st.sampled_from(
        [(name, value) for name, values in oddities.HEADERS.items() for value in oddities.encoded(*values)]
    ),
    max_size=4,
)
CONTENT_TYPES = usually(8, *oddities.CONTENT_TYPES)
OTHER_METHODS = [b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT", b"PROPFIND", b"BREW"]
METHODS = st.sampled_from([*[b"GET"] * 150, *[b"POST"] * 180, *[b"HEAD"] * 30, *OTHER_METHODS * 6, *oddities.METHODS])
NUMBERS = st.integers(0, 9_999)
SPOTS = st.integers(0, 399)


def ways(n: int, usual: int) -> st.SearchStrategy[int]:
    """One of n ways to spoil something; one that is n or more leaves it as it is."""
    return st.sampled_from([n] * usual + list(range(n)))


# Where it is sent to


def target_of(draw: Draw, world: World) -> bytes:
    if odd := draw(ODD_TARGETS):
        return odd
    path = bend(draw, fill(draw, world, draw(world.places)))
    return path + (draw(QUERIES) or b"")


def fill(draw: Draw, world: World, address: Address) -> bytes:
    path = b""
    for number, part in enumerate(address.parts):
        word = path.strip(b"/").rpartition(b"/")[2].decode()
        filling = world.gaps.get(word, world.gaps.get(part, ODD_SEGMENTS))
        path += draw(filling) if number % 2 else quote(part).encode()
    return path


BENDS = ways(14, 70)


def bend(draw: Draw, path: bytes) -> bytes:
    """The same address, or nearly, otherwise written."""
    if (way := draw(BENDS)) >= 14:
        return path
    at, odd = draw(SPOTS) % len(path), draw(ODD_SEGMENTS)
    return [
        path[:-1],
        b"/" + path,
        path.replace(b"/", b"//"),
        b"/./" + path[1:],
        path + b"../" + odd,
        path[:at] + odd + path[at:],
        path[:at] + b"%%%02x" % path[at] + path[at + 1 :],
        path[:at] + b"%",
        path.upper(),
        path + b";a=b",
        path + odd,
        path + b"%00",
        path + b"a" * 4_200,
        b"http://" + (odd or b"localhost") + path,
    ][way]


# What is in it


def fields(draw: Draw, world: World, target: bytes) -> Fields:
    """Those of the sign box, and some of the other forms."""
    n = draw(NUMBERS)
    consent = world.consents["en" if target.startswith(b"/en/") else "es"]
    found: Fields = [
        ("name", f"{MARK} {n} Ñahui".encode()),
        ("email", f"{MARK.lower()}{n}@{'mailinator.com' if n % 10 == 0 else 'example.org'}".encode()),
        ("country", [b"PE", b"ES", b"CL"][n % 3]),
        ("visibility", [b"delivered", b"secret"][n % 2]),
        ("consent", b"on"),
        ("consent_id", str(consent).encode()),
    ]
    for bit, (name, value) in enumerate(BESIDE):
        if n >> bit & 3 == 3:
            found.append((name, value))
    return spoilt_fields(draw, found)


BESIDE: Fields = [
    ("code", b"123456"),
    ("website", b"https://example.org/"),
    ("updates", b"on"),
    ("news", b"on"),
    ("agrees", b"on"),
    ("never_again", b"on"),
    ("username", MARK.encode()),
    ("password", MARK.encode()),
    ("next", b"//example.org"),
    ("csrfmiddlewaretoken", b"a" * 64),
    ("state", b"confirmed"),
    ("moderation", b"clear"),
    ("List-Unsubscribe", b"One-Click"),
]
FIELD_WAYS = ways(8, 8)


def spoilt_fields(draw: Draw, found: Fields) -> Fields:
    if (way := draw(FIELD_WAYS)) >= 8:
        return found
    at, odd = draw(SPOTS), draw(ODD_VALUES)
    spot = at % len(found)
    name, value = found[spot]
    other = b"public" if name == "visibility" else oddities.ADDRESSES[at % len(oddities.ADDRESSES)]
    before, after = found[:spot], found[spot + 1 :]
    return [
        [*before, (name, odd), *after],
        [*before, (name, value + odd), *after],
        [*before, (name, other), *after],
        before + after,
        [*found, (name, odd)],
        [*found, *[(name, value)] * (1_100 if at % 9 == 0 else 2)],
        [*before, (odd.decode("latin-1"), value), *after],
        [*before, (name, (odd or b"a") * (30_000 if at % 9 == 0 else 30)), *after],
    ][way]


def as_query(found: Fields) -> bytes:
    return b"&".join(
        quote_plus(name, encoding="latin-1").encode() + b"=" + quote_plus(value).encode() for name, value in found
    )


def as_parts(found: Fields) -> bytes:
    part = b'--edge\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    return b"".join(part % (name.encode("latin-1"), value) for name, value in found) + b"--edge--\r\n"


BODY_WAYS = ways(12, 90)


def body_of(draw: Draw, world: World, target: bytes) -> tuple[bytes, bytes]:
    """The type of its content, and a body."""
    is_multipart = draw(NUMBERS) % 4 == 0
    body = (as_parts if is_multipart else as_query)(fields(draw, world, target))
    kind = b"multipart/form-data; boundary=edge" if is_multipart else b"application/x-www-form-urlencoded"
    kind = draw(CONTENT_TYPES) or kind
    if (way := draw(BODY_WAYS)) >= 12:
        return kind, body
    at = draw(SPOTS) % (len(body) + 1)
    return kind, [
        body[:at],
        body[:at] + b"%" + body[at:],
        body.replace(b"&", b";"),
        body.replace(b"\r\n", b"\n"),
        body.replace(b'form-data; name="', b'form-data; filename="a.exe"; name="'),
        body.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n"),
        body.replace(b"form-data", b"attachment; filename*=utf-8''%ff%00; "),
        body.replace(b"\r\n\r\n", b"\r\nContent-Type: text/plain; charset=zlib; a*=zlib''b\r\n\r\n"),
        body + body,
        body.decode("latin-1").encode("utf-16"),
        b"\0" * at,
        b'{"name": ' * 50,
    ][way]


# And how all of it is put together


FRAMINGS = 16
FRAMES = ways(FRAMINGS, 110)


@st.composite
def messages(draw: Draw, world: World) -> Message:
    method = draw(METHODS)
    target = target_of(draw, world)
    host = draw(HOSTS)
    lines = [b"Host: " + (world.host.encode() if host is None else host)]
    n = draw(NUMBERS)
    lines += [[], [], [b"Sec-Fetch-Site: same-origin"], [b"Origin: http://" + world.host.encode()]][n % 4]
    lines += [b"%s: %s" % (name.encode(), value) for name, value in draw(HEADERS)]
    has_body = method not in (b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"CONNECT") or n % 16 == 15
    sized: list[bytes] = []
    body = b""
    if has_body:
        kind, body = body_of(draw, world, target)
        lines.append(b"Content-Type: " + kind)
        sized = [b"Content-Length: %d" % len(body)]
    way = draw(FRAMES)
    if way >= FRAMINGS:
        return Message(joined([method, target, b"HTTP/1.1"], [*lines, *sized], body), method == b"HEAD")
    return misframed(way, draw(SPOTS), [method, target, b"HTTP/1.1"], lines, sized, body)


def joined(words: list[bytes], lines: list[bytes], body: bytes, end: bytes = b"\r\n") -> bytes:
    return end.join([b" ".join(words), *lines, b"", b""]) + body


def misframed(way: int, at: int, words: list[bytes], lines: list[bytes], sized: list[bytes], body: bytes) -> Message:
    """One whose end is not where it says, or that says it wrongly."""
    end = b"\r\n"
    chunked = b"Transfer-Encoding: chunked"
    chunks = (b"%x\r\n%s\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
    match way:
        case 0:
            sized = []
        case 1:
            sized = [b"Content-Length: %d" % (len(body) // 2)]
        case 2:
            sized = [b"Content-Length: %d" % (len(body) + 1 + at)]
        case 3:
            sized = [b"Content-Length: %d" % len(body), b"Content-Length: %d" % (at % 2 * len(body))]
        case 4 | 5:
            sized = [b"Content-Length: " + oddities.LENGTHS[at % len(oddities.LENGTHS)]]
        case 6:
            sized, body = [chunked], chunks
        case 7:
            sized, body = [chunked], chunks[: at % len(chunks)]
        case 8:
            sized, body = [chunked], oddities.CHUNKS[at % len(oddities.CHUNKS)]
        case 9:
            sized, body = [chunked, *sized], chunks
        case 10:
            sized, body = [b"Transfer-Encoding: " + oddities.CODINGS[at % len(oddities.CODINGS)]], chunks
        case 11:
            words = [*words[:2], oddities.VERSIONS[at % len(oddities.VERSIONS)]]
        case 12:
            end = oddities.LINE_ENDS[at % len(oddities.LINE_ENDS)]
        case 13 | 14:
            lines = [*lines, oddities.BROKEN_HEADERS[at % len(oddities.BROKEN_HEADERS)]]
        case 15:
            words = [oddities.BEGINNINGS[at % len(oddities.BEGINNINGS)] + words[0], *words[1:]]
    whole = joined(words, [*lines, *sized], body, end)
    return Message(whole[: at * 8] if way == 0 else whole, words[0] == b"HEAD", is_framed=False)
