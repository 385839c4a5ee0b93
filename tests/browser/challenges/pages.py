"""What Google's hosts serve to a browser, as far as a page can tell: each part from where the real one comes, loaded
and asked for in the same ways."""

import socket
from collections.abc import Callable

from tests.google import Google

# Version 2 and 3 begin alike: a small script fetches the large one.
API = """
window.grecaptcha = { ready: (callback) => (grecaptcha.waiting = grecaptcha.waiting || []).push(callback) };
const script = document.createElement("script");
script.src = "https://www.gstatic.com/recaptcha/releases/example/recaptcha__es.js";
document.head.append(script);
"""
WIDGET = """
const waiting = grecaptcha.waiting || [];
window.grecaptcha = {
  ready: (callback) => callback(),
  render: (place, { sitekey, callback }) => {
    const frame = document.createElement("iframe");
    frame.src = `https://www.google.com/recaptcha/api2/anchor?k=${sitekey}&co=${btoa(location.origin)}`;
    frame.title = "reCAPTCHA";
    frame.style.border = "0";
    const answer = document.createElement("textarea");
    answer.name = "g-recaptcha-response";
    answer.style.display = "none";
    place.append(frame, answer);
    addEventListener("message", (event) => {
      if (event.origin !== "https://www.google.com") return;
      answer.value = event.data;
      callback(event.data);
    });
  },
  execute: async (sitekey, { action }) => {
    const question = { method: "POST", body: location.origin, mode: "no-cors" };
    await fetch(`https://www.google.com/recaptcha/api2/reload?k=${sitekey}`, question);
    return `token-for-${action}`;
  },
};
waiting.forEach((callback) => callback());
"""
ANCHOR = """<!doctype html><title>reCAPTCHA</title><label><input type="checkbox"> I am no robot</label>
<script>document.querySelector("input").onchange = () => parent.postMessage("token-by-checkbox", "*")</script>"""


def serve(verdict: bytes) -> Callable[[Google, socket.socket], None]:
    """All of Google, and `verdict` to whoever asks what a token is worth."""
    served = {
        ("www.google.com", "/recaptcha/api.js"): ("text/javascript", API.encode()),
        ("www.gstatic.com", "/recaptcha/releases/example/recaptcha__es.js"): ("text/javascript", WIDGET.encode()),
        ("www.google.com", "/recaptcha/api2/anchor"): ("text/html", ANCHOR.encode()),
        ("www.google.com", "/recaptcha/api2/reload"): ("application/json", b"[]"),
    }

    def answer(google: Google, line: socket.socket) -> None:
        kind, content = served.get(asked_for(google.heads[-1]), ("application/json", verdict))
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
        line.sendall(head.encode() + content)

    return answer


def asked_for(head: str) -> tuple[str, str]:
    """Host and path, out of a request's head."""
    first, *rows = head.splitlines()
    [host] = [row.partition(":")[2].strip() for row in rows if row.lower().startswith("host:")]
    return host, first.split()[1].partition("?")[0]
