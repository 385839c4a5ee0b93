"""What is put beside Debian's own files, as far as it can be judged without a machine: tests/debian/ brings one up."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from petition_site.celery import GIVES_WAY
from tests.debian.commands import chapters
from tests.missing import give_up
from tests.site.test_container_files import DOCKERFILE, services

FOLDER = Path(__file__).parents[2] / "petition_site" / "debian"
UNITS = FOLDER / "systemd"
TEMPLATES = FOLDER.parent / "containers" / "nginx"
PROGRAMS = "/srv/petition/now/.venv/bin/"
SITE = ("web", "worker", "beat", "migrate", "backup")
# What `release` tells uv besides: that it lies in the environment itself, and which Python it is to take.
OF_DEBIAN = {"--quiet", "--inexact", "--python", ".venv/bin/python", "--no-python-downloads"}
Unit = dict[str, list[str]]


def lines_of(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line and line[0] not in "#["]


def unit(name: str) -> Unit:
    """What is said there of each thing; an empty one takes back what Debian says."""
    found: Unit = {}
    for line in lines_of(UNITS / name):
        key, _, value = line.partition("=")
        found.setdefault(key, []).append(value)
    return {key: [value for value in values if value] for key, values in found.items()}


def command(name: str) -> list[str]:
    [line] = unit(name)["ExecStart"]
    return shlex.split(line.removeprefix(PROGRAMS))


def without(option: str, words: list[str]) -> list[str]:
    """And without the word after it."""
    at = words.index(option)
    return words[:at] + words[at + 2 :]


@pytest.mark.parametrize("name", ["worker", "beat", "migrate", "backup"])
def test_systemd_runs_what_compose_runs(name: str) -> None:
    assert command(f"petition-{name}.service") == services()[name]["command"]


def test_the_web_server_is_the_same_but_for_where_it_listens() -> None:
    [image] = re.findall(r"^CMD \[(.*?)\]$", DOCKERFILE, re.MULTILINE | re.DOTALL)
    words = re.findall(r'"([^"]*)"', image)

    assert command("petition-web.service") == without("--bind", words)
    assert unit("petition-web.socket")["ListenStream"] == ["127.0.0.1:8000"]


def test_redis_and_postgresql_are_told_the_same() -> None:
    words = command("redis-server.service.d/petition.conf")
    assert words[words.index("--save") :] == without("--protected-mode", services()["redis"]["command"][1:])

    said = dict(line.split(" = ") for line in lines_of(FOLDER / "postgresql" / "petition.conf"))
    in_containers = dict(word.removeprefix("-c").split("=") for word in services()["db"]["command"][1:])
    in_containers["shared_buffers"] = re.sub(r"\$\{\w+:-(\w+)\}", r"\1", in_containers["shared_buffers"])
    assert {name: said[name] for name in in_containers} == in_containers


@pytest.mark.parametrize(
    ("name", "service"),
    [(f"petition-{name}.service", name) for name in SITE]
    + [("nginx.service.d/petition.conf", "proxy"), ("redis-server.service.d/petition.conf", "redis")],
    ids=[*SITE, "nginx", "redis"],
)
def test_each_has_the_memory_that_it_has_in_containers(name: str, service: str) -> None:
    limit = re.sub(r"\$\{\w+:-(\w+)\}", r"\1", services()[service]["mem_limit"])

    assert unit(name)["MemoryMax"] == [limit.upper()]


def test_the_worker_gives_way_as_it_would_by_itself() -> None:
    assert unit("petition-worker.service")["Nice"] == [str(GIVES_WAY)]


def test_the_site_has_no_rights_that_it_does_not_need() -> None:
    said = unit("petition-.service.d/site.conf")
    for key, value in {
        "User": "petition",
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "PrivateDevices": "yes",
        "RestrictNamespaces": "yes",
    }.items():
        assert said[key] == [value], key
    assert said["CapabilityBoundingSet"] == []
    assert said["TemporaryFileSystem"] == ["/tmp:mode=1777 /var/tmp:mode=1777"]

    writes = {name: unit(f"petition-{name}.service").get("ReadWritePaths", []) for name in SITE}
    assert {name: paths for name, paths in writes.items() if paths} == {
        "worker": ["-/var/backups/petition"],
        "backup": ["-/var/backups/petition"],
    }
    # Of what all have in common a service takes nothing back.
    for name in SITE:
        assert not set(unit(f"petition-{name}.service")) & (set(said) - {"Environment", "After", "Wants"}), name


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_nothing_starts_before_the_database_is_up_to_date(name: str) -> None:
    said = unit(f"petition-{name}.service")

    assert "petition-migrate.service" in said["After"][0].split()
    assert "petition-migrate.service" in said["Wants"][0].split()
    assert said["ExecStartPre"] == [f"{PROGRAMS}python manage.py migrate --check"]
    assert said["Restart"] == ["always"]


def test_nginx_is_given_all_that_its_templates_take() -> None:
    taken = {
        name
        for template in TEMPLATES.glob("*.template")
        for name in re.findall(r"\$\{(\w+)\}", re.sub(r"#.*", "", template.read_text(encoding="utf-8")))
    }
    given = {
        word.partition("=")[0] for line in unit("nginx.service.d/petition.conf")["Environment"] for word in line.split()
    }

    assert given | {"SITE_URL"} == taken
    assert {"SITE_URL", *given} == set(services()["proxy"]["environment"]) - {"NGINX_ENVSUBST_OUTPUT_DIR"}


def test_templates_are_filled_in_as_in_containers(tmp_path: Path) -> None:
    if not shutil.which("envsubst"):
        give_up("This needs envsubst (Debian: gettext-base).")
    env = {
        word.partition("=")[0]: word.partition("=")[2]
        for line in unit("nginx.service.d/petition.conf")["Environment"]
        for word in line.split()
    } | {"SITE_URL": "https://petition.example.org", "STATE": str(tmp_path)}
    subprocess.run([FOLDER / "fill-in"], env=env | {"PATH": os.environ["PATH"]}, check=True)

    for template in TEMPLATES.glob("*.template"):
        expected = re.sub(
            r"\$\{(\w+)\}", lambda found: env[found[1]], template.read_text(encoding="utf-8").replace("${…}", "$…")
        )
        assert (tmp_path / template.stem).read_text(encoding="utf-8").replace("${…}", "$…") == expected


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if not program:
        give_up("This needs systemd-analyze (Debian: systemd).")
    for path in UNITS.rglob("petition*"):
        if path.is_file() and path.parent.name != "nginx.service.d":
            # A program that is there.
            text = re.sub(rf"{PROGRAMS}\w+", "/bin/true", path.read_text(encoding="utf-8"))
            (tmp_path / path.name).write_text(text, encoding="utf-8")
    shared = tmp_path / "petition-.service.d"
    shared.mkdir()
    shutil.copy(UNITS / shared.name / "site.conf", shared)
    names = [path.name for path in tmp_path.iterdir() if path.suffix in (".service", ".socket", ".timer")]
    done = subprocess.run(
        [program, "verify", "--man=no", "--recursive-errors=no", *sorted(names)],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
    )

    assert len(names) == 7
    assert (done.returncode, done.stderr) == (0, "")


def test_the_installer_of_the_packages_is_the_one_of_the_image() -> None:
    pins = r"uv==[\d.]+|--hash=sha256:[0-9a-f]{64}"
    found = re.findall(pins, (FOLDER / "uv.txt").read_text(encoding="utf-8"))

    assert len(found) == 3
    assert found == re.findall(pins, DOCKERFILE)


def test_a_release_has_the_packages_of_the_image() -> None:
    def chosen(text: str) -> list[str]:
        words = text.replace("\\\n", " ").partition("uv sync ")[2].partition("\n")[0].split()
        return [word for word in words if word not in OF_DEBIAN]

    assert chosen((FOLDER / "release").read_text(encoding="utf-8")) == chosen(DOCKERFILE)


def test_the_page_speaks_of_what_there_is() -> None:
    commands = "\n".join(block for blocks in chapters().values() for block in blocks)

    for path in re.findall(r"/srv/petition/(?:source|now)/(petition_site/\S+)", commands):
        assert (FOLDER.parents[1] / path).exists(), path
    named = set(re.findall(r"\bpetition-[a-z]+(?:\.timer)?", commands))
    assert {name for name in named if not (UNITS / (name if "." in name else f"{name}.service")).exists()} == set()
