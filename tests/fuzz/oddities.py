"""What does not fit: values, paths, hosts, headers and types of content that no browser sends, and some that one does."""

from collections.abc import Sequence

# In bodies, queries, cookies and referrers only, where no log may show it. What is asked for is logged, so it is in no
# path.
MARK = "Marcada"


def encoded(*values: str | bytes) -> list[bytes]:
    return [value if isinstance(value, bytes) else value.encode() for value in values]


VALUES = encoded(
    *("", " ", "\0", "a\0b", "\t\r\n", "\ufeff", "\ufffd", "\u2028", "\u202egnp.exe", "\U000e0041", "\U0010ffff", "\u3164"),
    *("e\u0301" * 60, "\ufdfa" * 40, "ﬃ" * 99, "İ" * 60, "ß" * 100, "😀" * 100, "a" * 20_000, "9" * 5_000, "\0" * 300),
    *("null", "NaN", "Infinity", "-1", "0", "٣", "²", "1e999", "9" * 30, "[]", "{}", "true", "on"),
    *("=1+1", "'; DROP TABLE signatures_signature; --", "<script>alert(1)</script>", "{{ 7|add:7 }}{% debug %}"),
    *("%s%n%(name)s", "../../../etc/passwd", "a@b\r\nBcc: c@example.org", "javascript:alert(1)", "//example.org/"),
    # Not UTF-8, not the shortest UTF-8, half a character, and what other encodings make of the same bytes.
    *(b"\xff\xfe", b"\xc0\xaf", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\x80", b"+2AA-", b"\x1b$B"),
    *("Ñahui".encode(name) for name in ("utf-16", "utf-16-le", "utf-32", "latin-1", "utf-7", "cp037")),
)  # fmt: skip
ADDRESSES = encoded(
    *("a@b", "@", "a@example.org,b@example.org", '"a b"@example.org', "a@[127.0.0.1]", "ñ@example.org", "a@xn--a"),
    *("a@" + "b" * 64 + ".org", "a" * 65 + "@example.org", "A <a@example.org>", "a@ﬃ.example", "a@example.org\0", "a@-.org"),
    *("a@" + "b." * 130 + "org", "a@example.org ", "a@exa mple.org", "a@例え.jp", "a@example。org", "a@١٢٣.org"),
)  # fmt: skip
SEGMENTS = encoded(
    *("..", ".", "%2e%2e", "%2e%2e%2f%2e%2e%2f", "%2f", "%5c", "%00", "a%00b", "%", "%z", "%zz", "%u0041", "%ff", "%c0%ae"),
    *("%ed%a0%80", "%f0%9f%92%a9", "%0d%0aSet-Cookie:%20a=b", ";", ";a=b", "a;b", "%3b", "~", "'", '"', "<b>", "{{a}}"),
    *("$(id)", "`id`", "|", "\\", "^", "%25", "%2525", "-1", "0", "1", "9" * 40, "a" * 300, "a" * 3_000, "%41" * 300),
    *("static", "admin", "es", "EN", "xx", "index.html", "wp-login.php", ".git", ".env", "%E2%80%AE", "a.b", "_", "-", ""),
)  # fmt: skip
TARGETS = encoded(
    *("", "*", "?", "#", "/" * 50, "/\\", "localhost:80", "/\x7f", "/a b", "/é", "\t", "/%" * 1_000, "/..%2f" * 600),
    *("http://", "http://[::1", "ftp://a/", "http://example.org/", "//example.org/es/", "///", "/a" * 5_000),
)
QUERIES = encoded(
    *("?", "??", "?said=changed", "?said=%ff", "?via=whatsapp", "?next=//example.org", "?a=b&a=c", "?%", "?%00=%00", "?="),
    *("?" + "a&" * 1_500, "?" + "a" * 3_000, "?page=9" + "9" * 40, "?q=%F0%9F", "?a[]=b", "?a;b", "?utm_source=x", "?o=1&p=x&e=1"),
    *(f"?name={MARK}&email={MARK}@example.org", "#", "#main", "?_method=DELETE", "?format=json", "?a=%2B2AA-"),
)  # fmt: skip
METHODS = encoded("get", "G", "GET/", "É", "\0", "", "POST" * 10, "GET\t", "_", "M-SEARCH", "'", "X" * 4_000, "PRI")
HOSTS = encoded(
    *("example.org", "", " ", "localhost", "localhost:0", "localhost:99999", "localhost:80:80", "[::1]", "[::1", "::1"),
    *("127.0.0.1", "localhost.", "LOCALHOST", "localhost/", "a@localhost", "a b", "é", b"\xff", '"', "_", "a" * 300, "localhost,a"),
)  # fmt: skip
HEADERS: dict[str, Sequence[str | bytes]] = {
    "Accept": ["*/*", "text/html", "application/json;q=x", ""],
    "Accept-Encoding": ["gzip", "br", "br;q=0", "identity;q=0", "*", "", "gzip;q=x", "a," * 900, b"\xff"],
    "Accept-Language": ["es", "en-GB,en;q=0.5", "qu, ay;q=0.9", "*", "", "xx", "es;q=9", "es;q=", "a" * 600, "es," * 900, b"\xff", "-"],
    "Authorization": [f"Basic {MARK}", "Bearer", b"\xff"],
    "Connection": ["close", "keep-alive", "Upgrade, HTTP2-Settings", "x"],
    "Content-Encoding": ["gzip", "x"],
    "Cookie": [
        *("session=", "session=" + "a" * 32, "csrf=" + "b" * 32, f"session={MARK}", "a", ";", "=", "a=b; a=c", "a=" + "b" * 5_000),
        *('session="\\000"', "messages=x", "signed=1:2:3", "confirmed=x", b"\xff=\xff", "django_language=../x", "signed=" + "a" * 4_000),
    ],
    "Forwarded": ["for=203.0.113.7;proto=https", "x", ""],
    "HTTP2-Settings": ["", "AAMAAABkAAQAAP__"],
    "If-Match": ["*", '"a"', '"'],
    "If-Modified-Since": ["Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 99 Jan 9999 99:99:99 GMT", "x", "", "Sun, 06 Nov 94 08:49:37 GMT", "0"],
    "If-None-Match": ["*", '"a"', 'W/"a"', '"', "", '"a",' * 500, b"\xff"],
    "If-Unmodified-Since": ["Thu, 01 Jan 1970 00:00:00 GMT", "x", "Sunday, 31-Feb-00 08:49:37 GMT"],
    "Origin": ["null", "http://example.org", "", "x", "http://", "://", "http://localhost", b"\xff", "http://[::1"],
    "Purpose": ["prefetch"],
    "Range": ["bytes=0-1", "bytes=5-2", "bytes=-1", "bytes=0-,1-", "bytes=" + "0-1," * 900, "bytes=٣-", "x", "bytes=" + "9" * 20 + "-", "bytes=-"],
    "Referer": ["http://example.org/", f"http://localhost/?email={MARK}@example.org", "?via=whatsapp", "?via=%ff&via", b"\xff", "http://[::1", "?" + "a&" * 2_000],
    "Sec-Fetch-Site": ["same-origin", "none", "cross-site", "same-site", "", "x", "same-origin, cross-site", b"\xff"],
    "Upgrade": ["h2c", "websocket"],
    "User-Agent": ["", b"\xff", "a" * 5_000, f"Mozilla/5.0 {MARK}"],
    "X": ["", "a" * 7_000, b"\xff"],
    "X-Forwarded-For": ["203.0.113.7", "", ",", "a", "203.0.113.7, ::1", "[::1]:80", "::ffff:1.2.3.4", "fe80::1%eth0", "1.2.3.4:5", "1," * 900, b"\xff"],
    "X-Forwarded-Host": ["example.org", "localhost", '"'],
    "X-Forwarded-Proto": ["https", "http", "x", "https,http", ""],
    "X-HTTP-Method-Override": ["DELETE"],
    "X-Requested-With": ["XMLHttpRequest"],
}  # fmt: skip
CHARSETS = (
    "utf-7",
    "utf-8",
    "utf-16",
    "latin-1",
    "zlib",
    "hex",
    "rot13",
    "undefined",
    "idna",
    "punycode",
    "unicode_escape",
    "x",
    "",
    "../x",
    "a" * 300,
)
CONTENT_TYPES = encoded(
    *("", "x", "/", "text/plain", "application/json", "multipart/form-data", "multipart/form-data; boundary="),
    *("multipart/form-data; boundary=" + "a" * 300, b"multipart/form-data; boundary=\xff", "multipart/mixed; boundary=edge"),
    *("application/x-www-form-urlencoded; a=%zz; b*=utf-8''%ff", "multipart/form-data; boundary*=utf-8''edge"),
    *("multipart/form-data; boundary*=nothing''edge", "multipart/form-data; boundary*0*=undefined''ed; boundary*1=ge"),
    *(f"{kind}; charset={name}" for name in CHARSETS for kind in ("text/plain", "application/x-www-form-urlencoded")),
    *(f"multipart/form-data; boundary=edge; charset={name}" for name in CHARSETS),
)  # fmt: skip
LENGTHS = encoded(
    "-1", "+1", "1_0", "0x10", "1e3", "", " ", b"\xb2", "9" * 30, "9" * 5_000, "1,1", "262145", "99999999"
)
CODINGS = encoded("gzip", "identity", "x", "chunked, chunked", "gzip, chunked", b"\x0bchunked", "chunked;a", "")
CHUNKS = encoded(
    *("zz\r\na\r\n", "-1\r\n", "5\r\nab\r\n0\r\n\r\n", '1;a="\r\n', "f" * 40 + "\r\n", "0\r\nHost: a\r\n\r\n", "1 \r\na\r\n0\r\n\r\n", ""),
)  # fmt: skip
VERSIONS = encoded("HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/9.9", "HTTP/1.1 ", "", "http/1.1", "HTTP/1.11")
LINE_ENDS = encoded("\n", "\r", "\n\r", "\r\n\r\n")
BROKEN_HEADERS = encoded(
    *(" folded", "no colon", ": a", "a b: c", "a : b", "a_b: c", b"\xff: a", "a\0: b", "Content_Length: 5", "A: b\r\n c"),
    *("A: \0", "A: a\rb", "A: \x7f", "A: " + "a" * 9_000, "Transfer_Encoding: chunked", "\r\n".join(["A: b"] * 120)),
    *("Host: example.org", "Expect: 100-continue", "Expect: x", "Trailer: A", "TE: trailers", "Content-Type: x\r\nContent-Type: y"),
)  # fmt: skip
BEGINNINGS = encoded(
    "\r\n",
    " ",
    "\0",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02",
    "\r\n\r\n",
    "PROXY TCP4 1.1.1.1 1.1.1.1 1 1\r\n",
)
