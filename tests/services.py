"""A pytest plugin: PostgreSQL, Redis and a mail server for one run of the tests, before Django reads its settings.

The process that the run begins with starts them; the workers of pytest-xdist inherit their addresses.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import pytest

from petition_site.local.processes import Children, LaunchError
from petition_site.local.services import LocalServices
from petition_site.local.sink import start_sink
from tests.copies import ORIGINALS, room_for_originals

ROOT = Path(__file__).parent.parent


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    # The import above has named production's settings, which pytest-django would prefer to those in pyproject.toml.
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    asks_only = early_config.known_args_namespace.help or early_config.known_args_namespace.version
    if asks_only or "PYTEST_XDIST_WORKER" in os.environ:
        return
    # Asked to end, the run ends as after Ctrl-C, and what it has started goes with it.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    stack = ExitStack()
    early_config.add_cleanup(stack.close)
    try:
        stack.enter_context(running_services())
    except LaunchError as error:
        raise pytest.UsageError(error.report()) from error


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Iterator[None]:
    """One more than there are cores: a fifth of a run is waiting, for letters, for servers and for time to pass."""
    workers = yield
    return workers if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else workers + 1


def interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def running_services() -> Iterator[None]:
    with ExitStack() as stack:
        state = Path(tempfile.mkdtemp(prefix="petition-tests-"))
        stack.callback(shutil.rmtree, state)
        services = LocalServices(state, durable=False)
        settings = stack.enter_context(services)
        if not os.environ.get("DATABASE_URL"):
            settings["TEST_POSTGRES_LOG"] = str(state / "logs" / "postgresql.log")
        if not os.environ.get("EMAIL_URL"):
            mail = Children()
            stack.callback(mail.stop_all)
            settings["EMAIL_URL"] = start_sink(mail, state / "inbox", state / "mail.log")["EMAIL_URL"]
        settings |= {name: secrets.token_urlsafe(48) for name in ("SECRET_KEY", "ADDRESS_KEY")}
        settings |= {"SITE_URL": "http://localhost:8000", "DEFAULT_FROM_EMAIL": "petition@example.org"}
        stack.enter_context(environment(settings))
        originals = stack.enter_context(room_for_originals())
        stack.enter_context(environment({ORIGINALS: originals}))
        compile_translations()
        yield


def compile_translations() -> None:
    """Once, before a worker reads them."""
    command = [sys.executable, "-m", "django", "compile_translations", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"DJANGO_SETTINGS_MODULE": "petition_site.settings"}, check=True)


@contextmanager
def environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Add settings, which give way to what stands there, and take them out again."""
    added = {name: value for name, value in settings.items() if not os.environ.get(name)}
    os.environ.update(added)
    yield
    for name in added:
        os.environ.pop(name, None)
