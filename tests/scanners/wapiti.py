# /// script
# requires-python = ">=3.11,<3.13"  # the packages that it pins have no wheels for later ones
# dependencies = ["wapiti3==3.2.3"]
# ///
"""Runs wapiti in an environment of its own (`uv run --script`): it pins other versions of packages than we have."""

from wapitiCore.main.wapiti import wapiti_asyncio_wrapper

if __name__ == "__main__":
    wapiti_asyncio_wrapper()
