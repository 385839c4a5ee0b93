"""`make run`: a whole demonstration site in this clone, from the database to the inbox, until Ctrl-C."""

import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from types import FrameType
from typing import TextIO

from pyrage.x25519 import Identity

from petition_site.local import environment
from petition_site.local.environment import ROOT, STATE
from petition_site.local.private import locked, private_directory, read_settings, write_settings
from petition_site.local.processes import STOP_SIGNALS, Child, Children, LaunchError, ask_kernel_for_signal, until
from petition_site.local.services import LocalServices
from petition_site.local.sink import start_sink
from signatures.sealing import identities_in

LOGS = STATE / "logs"
READY_WITHIN = 30  # seconds
MANAGE = str(ROOT / "manage.py")
# What brings the site up to date: the line that announces it, its log, and what Python is to run.
STEPS = {
    "Bringing the database up to date": ("migrate", MANAGE, "migrate", "--noinput"),
    "Compiling the translations": ("translations", MANAGE, "compile_translations"),
    "Loading the campaign": ("campaign", MANAGE, "load_campaign", "--demonstration"),
    "Making the staff account": ("account", MANAGE, "demo_account"),
}


class Stopped(BaseException):
    """We are asked to stop."""


def main() -> int:
    listen_to_signals()
    try:
        with ExitStack() as stack:
            try:
                watch(*bring_up(stack))
            finally:
                ignore_signals()
    except Stopped:
        say("Stopped.")
    except LaunchError as error:
        where = f" (see {error.log.relative_to(ROOT)})" if error.log else ""
        say(f"make run: {error}{where}", sys.stderr)
        return 1
    return 0


def bring_up(stack: ExitStack) -> tuple[Children, Children]:
    """Start everything, in an order in which each finds what it needs; `stack` stops it in the opposite one."""
    with step("Checking this clone"):
        private_directory(STATE)
        stack.enter_context(locked(STATE / "lock", "another `make run` is running in it."))
        port = free_port_for_the_site()
        # What beat remembers would let it wait for long if the clock had been set back since.
        for old in (*private_directory(LOGS).glob("*.log"), *STATE.glob("celerybeat-schedule*")):
            old.unlink()
        keys = the_keys()
    services = LocalServices(STATE)
    with step("Starting PostgreSQL and Redis"):
        urls = stack.enter_context(services)
        for program in services.programs:
            say(f"  {program}")
    children = Children()
    stack.callback(children.stop_all)
    mail = {}
    if not os.environ.get("EMAIL_URL"):
        with step("Starting the local mail server"):
            mail = start_sink(children, STATE / "inbox", LOGS / "mail.log")
    settings = the_settings(port, keys | urls | mail | the_backups())
    stack.callback(environment.remove)
    environment.write(settings)
    env = os.environ | settings

    def begin(log: str, *arguments: str) -> Child:
        name = " ".join(arguments[:2]).replace(MANAGE, "manage.py")
        return children.start(name, [sys.executable, *arguments], log=LOGS / f"{log}.log", cwd=ROOT, env=env)

    # What takes longest, beside the rest: it needs no database.
    collecting = begin("static", MANAGE, "collectstatic", "--noinput", "--ignore", "flags")
    for title, (log, *arguments) in STEPS.items():
        with step(title):
            children.wait_for(begin(log, *arguments))
    with step("Collecting the static files"):
        children.wait_for(collecting)
    with step("Starting the web server, the worker and its clock"):
        start_site(children, port, env)
        wait_until_ready(children, port)
    say_where(settings, inbox=bool(mail))
    return children, services.children


def start_site(children: Children, port: int, env: Mapping[str, str]) -> None:
    celery = ("-m", "celery", "--quiet", "-A", "petition_site")
    quiet = ("--loglevel", "WARNING")
    bind = ("--bind", f"127.0.0.1:{port}")
    for name, *arguments in (
        # Threads, because browsers open connections in advance, each of which would occupy a whole process.
        (
            "gunicorn",
            "-m",
            "gunicorn",
            "petition_site.wsgi",
            "--config",
            "python:petition_site.gunicorn_conf",
            *bind,
            "--workers",
            "2",
            "--threads",
            "4",
            "--no-control-socket",
        ),
        ("worker", *celery, "worker", "--without-gossip", "--without-mingle", "--concurrency", "1", *quiet),
        ("beat", *celery, "beat", "--schedule", str(STATE / "celerybeat-schedule"), *quiet),
    ):
        children.start(
            name,
            [sys.executable, *arguments],
            log=LOGS / f"{name}.log",
            cwd=ROOT,
            env=env,
            # What ends each at once together with its own children: a killed gunicorn leaves its workers
            # behind for a while, and a Celery that is asked politely waits for the Redis that is gone as well.
            orphaned_by=signal.SIGQUIT if name == "gunicorn" else signal.SIGKILL,
        )


def wait_until_ready(children: Children, port: int) -> None:
    answer = "nothing"

    def is_ready() -> bool:
        nonlocal answer
        children.fail_if_one_ended()
        # Not by urllib, which would ask a proxy that the environment names.
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        with suppress(OSError, HTTPException):
            connection.request("GET", "/readyz")
            answer = f"status {connection.getresponse().status}"
        connection.close()
        return answer == "status 200"

    if not until(is_ready, READY_WITHIN):
        address = f"http://127.0.0.1:{port}/readyz"
        raise LaunchError(f"{address} answered {answer} for {READY_WITHIN} seconds.", LOGS / "gunicorn.log")


def watch(*all_children: Children) -> None:
    while True:
        for children in all_children:
            children.fail_if_one_ended()
        time.sleep(0.5)


def the_keys() -> dict[str, str]:
    """The secrets of this clone, made once: with others, what is in the database would be lost."""
    path = STATE / "keys"
    made = {name: secrets.token_urlsafe(48) for name in ("SECRET_KEY", "ADDRESS_KEY")}
    made["DEMO_PASSWORD"] = secrets.token_urlsafe(12)
    keys = made | read_settings(path)
    write_settings(path, keys)
    return keys


def the_backups() -> dict[str, str]:
    """Where `make backup` writes, and a key made once. In a demonstration it may lie beside them."""
    path = STATE / "backup-key.txt"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(f"{Identity.generate()}\n")
    (key,) = identities_in(path)
    folder = private_directory(STATE / "backups")
    return {"BACKUP_DIR": str(folder), "BACKUP_RECIPIENTS": str(key.to_public())}


def the_settings(port: int, values: Mapping[str, str]) -> dict[str, str]:
    """What the site reads from its environment; what stands there already goes before."""
    settings = {
        "DEBUG": "false",
        "DEMO": "true",
        "STAFF_SECOND_FACTOR": "false",
        "SITE_URL": f"http://localhost:{port}",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "EMAIL_URL": "",
        "DEFAULT_FROM_EMAIL": "Demonstration organisation <petition@example.org>",
        **values,
    }
    return {name: os.environ.get(name) or value for name, value in settings.items()}


def free_port_for_the_site() -> int:
    port = os.environ.get("PORT") or "8000"
    if not port.isdigit() or not 0 < int(port) < 2**16:
        raise LaunchError(f"PORT must be a number up to 65535; it is {port!r}.")
    with socket.socket() as listener:
        # As gunicorn asks for it: connections of the last run that are still closing do not count.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", int(port)))
        except OSError as error:
            other = int(port) % 60000 + 1
            raise LaunchError(f"port {port}: {error.strerror}. For another: PORT={other} make run") from error
    return int(port)


def say_where(settings: Mapping[str, str], *, inbox: bool) -> None:
    site = settings["SITE_URL"]
    say("")
    say(f"Site      {site}/")
    say(f"Staff     {site}/admin/  as demo with password {settings['DEMO_PASSWORD']}")
    say(f"Letters   {site}/inbox/" if inbox else "Letters   go to the server that EMAIL_URL names")
    say(f"Logs      {LOGS.relative_to(ROOT)}/")
    say("Ctrl-C stops all of it; what was signed is there next time.")


@contextmanager
def step(title: str) -> Iterator[None]:
    say(title)
    try:
        yield
    except LaunchError as error:
        raise LaunchError(f"{title} failed: {error}", error.log) from error
    except OSError as error:
        raise LaunchError(f"{title} failed: {error}") from error


def say(line: str, to: TextIO = sys.stdout) -> None:
    with suppress(OSError):  # a terminal that is gone must not keep us from stopping
        print(line, file=to, flush=True)


def listen_to_signals() -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        ignore_signals()
        raise Stopped

    for number in STOP_SIGNALS:
        # `nohup make run` says that a closed terminal is no reason to stop.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)
    if "MAKELEVEL" in os.environ:
        ask_kernel_for_signal(signal.SIGTERM)  # a killed `make` cannot pass anything on


def ignore_signals() -> None:
    """Stopping takes a few seconds at most, which a second Ctrl-C must not cut short."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
