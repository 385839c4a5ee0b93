"""The Dockerfile and the compose files, as far as they can be judged without an engine: tests/containers/ runs them."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
COMPOSE = "docker-compose.yml"
FILES = (COMPOSE, "docker-compose.demo.yml", "tests/containers/docker-compose.trial.yml")
SITE = ("web", "worker", "beat", "migrate", "backup")
SERVERS = ("proxy", "db", "redis")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def text_of(name: str) -> str:
    """Without the tags that Compose takes beside its schema: to replace what another file says, not to add to it."""
    return re.sub(r"!(?:override|reset) ?", "", (ROOT / name).read_text(encoding="utf-8"))


def services(name: str = COMPOSE) -> dict[str, Any]:
    return dict(YAML(typ="safe").load(text_of(name))["services"])


def run(program: str, *arguments: str) -> None:
    done = subprocess.run([PROGRAMS / program, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dockerfile_is_written_by_the_rules() -> None:
    run("hadolint", "Dockerfile")


@pytest.mark.parametrize("name", FILES)
def test_compose_files_follow_the_schema_of_compose(name: str, tmp_path: Path) -> None:
    path = tmp_path / "compose.yml"
    path.write_text(text_of(name), encoding="utf-8")

    run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(path))


def test_every_image_names_its_version() -> None:
    names = {service["image"] for service in services().values()}
    names |= {name for name in re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) if ":" in name}

    assert names == {
        "petition-site:${RELEASE:-local}",
        "python:3.13-slim-trixie",
        "nginx:1.28",
        "postgres:17",
        "redis:8",
    }


def test_the_image_is_made_of_locked_packages_in_stages_and_runs_without_rights() -> None:
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    bare = next(stage for stage in stages if " AS bare\n" in stage)

    assert [stage.partition("\n")[0].split(" AS ")[1] for stage in stages] == [
        *("build", "build-demo", "postgresql", "bare", "demo", "site")
    ]
    assert "--require-hashes" in stages[0]
    assert len(re.findall(r"uv sync --frozen --no-default-groups ", DOCKERFILE)) == 2
    assert re.findall(r"^USER (.*)", bare, re.MULTILINE) == ["10001:10001"]
    assert re.findall(r"^ +CMD (.*)", bare, re.MULTILINE) == ['["python", "-I", "petition_site/containers/alive.py"]']
    # Nothing but what the build has made gets into what is delivered.
    assert stages[-1].partition("\n")[2] == "COPY --from=build /app /app\n"


def test_the_uv_of_the_image_is_of_the_kind_that_wrote_the_lock_file() -> None:
    [version] = re.findall(r"uv==(\d+\.\d+)\.\d+ ", DOCKERFILE)

    assert f"'uv>={version},<1'" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_nothing_gets_into_the_image_that_is_not_named() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]

    assert rules[0] == "*"
    named = {line.removeprefix("!") for line in rules if line.startswith("!")}
    assert named == {
        *("manage.py", "pyproject.toml", "uv.lock", "campaigns", "locale", "petition_site", "signatures"),
        *("static", "templates"),
    }


def test_every_service_is_watched_limited_and_closed() -> None:
    found = services()
    assert set(found) == {*SITE, *SERVERS}
    for name, service in found.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert service["logging"]["options"]["max-size"] == "10m", name
        assert service["restart"] == {"migrate": "on-failure", "backup": "no"}.get(name, "unless-stopped"), name
        # Of web it is the image's own.
        is_watched = "test" in service.get("healthcheck", {})
        assert is_watched == (name not in ("web", "migrate", "backup")), name
    assert {name for name, service in found.items() if "ports" in service} == {"proxy"}
    assert {name for name, service in found.items() if service["networks"] == ["inside"]} == {"db", "redis"}


def test_each_starts_when_what_it_needs_is_ready() -> None:
    waits = {
        name: {other: how["condition"] for other, how in service.get("depends_on", {}).items()}
        for name, service in services().items()
    }
    up = {"db": "service_healthy", "redis": "service_healthy", "migrate": "service_completed_successfully"}

    assert waits == {
        "proxy": {"web": "service_healthy"},
        "web": up,
        "worker": up,
        "beat": up,
        "migrate": {"db": "service_healthy"},
        "backup": {"db": "service_healthy"},
        "db": {},
        "redis": {},
    }


def test_secrets_are_files_that_git_and_the_image_do_not_take() -> None:
    loaded = YAML(typ="safe").load(text_of(COMPOSE))
    assert {name: how["file"] for name, how in loaded["secrets"].items()} == {
        name: f"${{SECRETS:-./secrets}}/{name}"
        for name in ("address_key", "database_password", "database_url", "email_url", "secret_key")
    }
    for name in SITE:
        service = loaded["services"][name]
        by_file = {key: value for key, value in service["environment"].items() if key.endswith("_FILE")}
        assert by_file == {f"{secret.upper()}_FILE": f"/run/secrets/{secret}" for secret in service["secrets"]}
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"/.env", "/secrets/", "/tls/", "/acme/"} <= set(ignored)


def test_a_demonstration_is_on_this_computer_alone_and_touches_no_real_site() -> None:
    loaded, real = YAML(typ="safe").load(text_of(FILES[1])), YAML(typ="safe").load(text_of(COMPOSE))
    demo = loaded["services"]

    assert loaded["name"] != real["name"]
    assert demo["proxy"]["ports"] == ["127.0.0.1:8000:80"]
    assert {name for name, service in demo.items() if "ports" in service} == {"proxy"}
    told = (ROOT / FILES[1]).read_text(encoding="utf-8")
    for name in SITE:
        assert demo[name]["environment"]["SITE_URL"] == "http://localhost:8000"
        assert demo[name]["environment"]["ALLOWED_HOSTS"] == "localhost"
        for part in ("env_file", "secrets"):
            assert re.search(rf"^  {name}:\n(?:    .*\n)*?    {part}: !reset \[\]\n", told, re.MULTILINE), name
    for name in ("campaign", "mail"):
        assert "secrets" not in demo[name]
