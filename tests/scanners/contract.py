# /// script
# requires-python = ">=3.11"
# dependencies = ["schemathesis==4.32.5"]
# ///
"""Runs schemathesis in an environment of its own (`uv run --script`): it brings a plugin for pytest and much else."""

from schemathesis.cli import schemathesis

if __name__ == "__main__":
    schemathesis()
