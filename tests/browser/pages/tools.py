"""Programs of npm that judge a page. They are fetched once, into a folder outside the repository."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.missing import give_up

KEPT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "petition-site"


def need(package: str, version: str, file: str, *programs: str, seconds: float = 180) -> Path:
    """The path of a file of a package; where it cannot be had, the test is skipped, and fails in CI."""
    home = KEPT / f"{package}-{version}"
    path = home / "node_modules" / package / file
    for program in programs:
        if shutil.which(program) is None:
            give_up(f"{program} is not installed: {package} was not run")
    if not path.exists():
        if shutil.which("npm") is None:
            give_up(f"npm is not installed: {package} was not run")
        home.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(home)]
        try:
            subprocess.run([*command, f"{package}@{version}"], check=True, capture_output=True, timeout=seconds)
        except (subprocess.SubprocessError, OSError) as error:
            give_up(f"npm could not bring {package}: {type(error).__name__}")
    return path
