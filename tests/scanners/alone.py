"""Programs in environments of their own, since they pin other versions of packages than we have."""

import subprocess
import sys
from pathlib import Path

from tests.missing import give_up


def alone(name: str, folder: Path) -> tuple[str, ...]:
    """The command that runs the script of that name beside this file, as its lock file says; it works here."""
    script = str(Path(__file__).with_name(f"{name}.py"))
    command = (sys.executable, "-m", "uv", "run", "--frozen", "--no-python-downloads", "--script", script)
    try:
        subprocess.run([*command, "--version"], cwd=folder, check=True, capture_output=True, timeout=180)
    except (subprocess.SubprocessError, OSError) as error:
        give_up(f"{name} could not be had, for which uv needs a Python that its script names: {type(error).__name__}")
    return command
