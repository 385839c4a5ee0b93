"""The mail server of a clone: it takes every letter and puts it into a Maildir, and sends none on."""

import os
import sys
from pathlib import Path

from petition_site.local.processes import Children, until
from petition_site.local.servers import answers, free_port


def start_sink(children: Children, inbox: Path, log: Path) -> dict[str, str]:
    """Start it and return the settings that lead there."""
    port = free_port()
    sink = children.start(
        "The local mail server",
        [sys.executable, "-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Mailbox", inbox, "-l", f"127.0.0.1:{port}"],
        log=log,
        cwd=inbox.parent,
        env=os.environ,
    )
    until(lambda: sink.process.poll() is not None or answers(port), 15)
    children.fail_if_one_ended()
    return {"EMAIL_URL": f"smtp://127.0.0.1:{port}", "INBOX_DIR": str(inbox)}
