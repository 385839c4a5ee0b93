"""A bare Debian as a machine of its own: what debootstrap makes, under its own systemd, in a network of its own.

From inside, a proxy on its loopback leads out, for those who are told of it: the administrator's shell is.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from petition_site.local.processes import Children, until
from petition_site.local.servers import answers
from tests.missing import give_up

ROOT = Path(__file__).parents[2]
BOOTSTRAP_WITHIN, BOOT_WITHIN = 1800, 120  # seconds
PROXY, MAIL = 3128, 8025  # ports on the machine's loopback
SHELL = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
# What says here whom to trust in the network, and where packages come from, is so there too.
AUTHORITIES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO")
HANDED_ON = ("PIP_INDEX_URL", "PIP_DEFAULT_TIMEOUT", "UV_DEFAULT_INDEX", "UV_INDEX_URL")


@dataclass
class Machine:
    root: Path
    group: Path  # of control
    logs: Path
    env: Mapping[str, str] = field(repr=False)  # of whoever sits before it
    children: Children = field(default_factory=Children)
    init: int = 0  # the process here that is its first one there

    def boot(self) -> None:
        self.group.mkdir()
        log = self.logs / "boot.log"
        command = ["sh", str(ROOT / "tests/debian/boot.sh"), str(self.root), str(self.group)]
        boot = self.children.start("machine", command, log=log, cwd=ROOT, env=SHELL, stop_by=signal.SIGKILL)
        below = Path(f"/proc/{boot.process.pid}/task/{boot.process.pid}/children")
        assert until(lambda: boot.process.poll() is not None or is_init(below), 20)
        assert boot.process.poll() is None, log.read_text()
        self.init = int(below.read_text())
        state = ("sh", "-c", "systemctl is-system-running; systemctl --failed; true")
        assert until(lambda: self.ask(*state).startswith(("running", "degraded")), BOOT_WITHIN)
        assert self.ask(*state).startswith("running"), self.ask(*state) + self.ask("journalctl", "--no-pager")
        network = (f"/proc/{self.init}/ns/net", str(PROXY), "/proc/self/ns/net", "proxy")
        self.start("way out", self.logs / "proxy.log", "-m", "tests.debian.relay", *network)

    def cut_power(self) -> None:
        """Nothing of it runs any more, nor what was started beside it. It can be booted again."""
        self.children.stop_all()
        if self.group.exists():
            assert until(lambda: is_removed(self.group), 30), f"{self.group} is still in use"

    def enter(self, *command: str) -> list[str]:
        """Beside its processes, in its network and its files."""
        namespaces = ("--mount", "--pid", "--uts", "--ipc", "--cgroup", "--net")
        return ["nsenter", f"--target={self.init}", *namespaces, "--root", "--wd", "--", *command]

    def ask(self, *command: str, stdin: str = "", within: float = 120, **env: str) -> str:
        """What a command prints; that it fails is our error."""
        done = subprocess.run(
            self.enter(*command),
            env=dict(self.env) | env,
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=within,
        )
        assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def type_into(self, command: str, answers: list[str]) -> None:
        """Answer a program's questions at a terminal, each after it has been asked; they end in a colon and a space."""
        program = subprocess.Popen(
            self.enter("script", "--quiet", "--return", "--flush", "--command", command, "/dev/null"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(self.env),
        )
        assert program.stdin
        assert program.stdout
        said = b""
        with program.stdin, program.stdout:
            for answer in answers:
                while not said.endswith(b": "):
                    some = os.read(program.stdout.fileno(), 4096)
                    assert some, said.decode()
                    said += some
                program.stdin.write(f"{answer}\n".encode())
                program.stdin.flush()
                said += b"\n"
            said += program.stdout.read()
        assert program.wait(60) == 0, said.decode()

    def relay(self, port: int, target: str) -> None:
        """Lead a port of ours to an address of the machine's."""
        networks = ("/proc/self/ns/net", str(port), f"/proc/{self.init}/ns/net", target)
        log = self.logs / "relay.log"
        self.start(f"relay to {target}", log, "-m", "tests.debian.relay", *networks)
        assert until(lambda: answers(port), 20), log.read_text()

    def start(self, name: str, log: Path, *arguments: str) -> None:
        self.children.start(name, [sys.executable, *arguments], log=log, cwd=ROOT, env=os.environ)


@contextmanager
def machine(folder: Path) -> Iterator[Machine]:
    """Booted, with nothing on it; afterwards it is gone. `folder` keeps what its start and its proxy have said."""
    groups = control_groups()
    # Not in pytest's own folder, which no other user may enter.
    place = Path(tempfile.mkdtemp(prefix="petition-debian-"))
    place.chmod(0o755)
    root = place / "root"
    here = None
    try:
        bootstrap(root, folder / "debootstrap.log")
        here = Machine(root, groups / place.name, folder, SHELL | handed_on(root))
        here.boot()
        yield here
    finally:
        if here is not None:
            here.cut_power()
        shutil.rmtree(place)


def control_groups() -> Path:
    """Where this kernel's control groups are, which systemd cannot do without."""
    if os.geteuid() != 0:
        give_up("This starts a machine in namespaces, and needs root.")
    if not shutil.which("debootstrap") and not os.environ.get("DEBIAN_BASE"):
        give_up("This needs debootstrap (Debian: debootstrap).")
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    found = [Path(mount[1]) for mount in mounts if mount[2] == "cgroup2" and os.access(mount[1], os.W_OK)]
    if not found or "rw" not in next(mount[3] for mount in mounts if mount[2] == "cgroup2").split(","):
        give_up("This needs control groups (version 2) that may be written to.")
    return found[0]


def is_init(children: Path) -> bool:
    """Whether it has come to start systemd."""
    found = children.read_text().split()
    return bool(found) and Path(f"/proc/{found[0]}/comm").read_text().strip() == "systemd"


def is_removed(group: Path) -> bool:
    for path in sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True):
        try:
            path.rmdir()
        except OSError:
            return False
    try:
        group.rmdir()
    except OSError:
        return False
    return True


def bootstrap(root: Path, log: Path) -> None:
    """Debian as its installer leaves it, but for a kernel; DEBIAN_BASE names a tar of such a one, and saves minutes."""
    suite = os.environ.get("DEBIAN_SUITE", "bookworm")
    base = os.environ.get("DEBIAN_BASE", "")
    root.mkdir(mode=0o755)
    command = (
        ["tar", "--extract", "--numeric-owner", "--file", base, "--directory", str(root)]
        if base
        else ["debootstrap", "--include=ca-certificates", suite, str(root), "http://deb.debian.org/debian"]
    )
    with log.open("wb") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, timeout=BOOTSTRAP_WITHIN)
    assert done.returncode == 0, log.read_text()[-4000:]
    # What else an installer leaves.
    for name, line in {
        "machine-id": uuid4().hex,
        "hostname": "petition",
        "hosts": "127.0.0.1 localhost petition",
    }.items():
        (root / "etc" / name).write_text(f"{line}\n")
    (root / "etc/apt/apt.conf.d/99trial").write_text('APT::Get::Assume-Yes "true";\n')


def handed_on(root: Path) -> dict[str, str]:
    """The environment of whoever installs there: the way out, and whom to trust on it."""
    env = dict.fromkeys(("http_proxy", "https_proxy"), f"http://127.0.0.1:{PROXY}")
    env |= {"no_proxy": "127.0.0.1,localhost", "DEBIAN_FRONTEND": "noninteractive"}
    for name in AUTHORITIES:
        if os.environ.get(name) and Path(os.environ[name]).is_file():
            shutil.copy(os.environ[name], root / "etc/ssl/trial.pem")
            env[name] = "/etc/ssl/trial.pem"
    return env | {name: os.environ[name] for name in HANDED_ON if name in os.environ}
