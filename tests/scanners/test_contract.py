"""The JSON interface keeps what its OpenAPI document promises, asked as it says and as it does not, by schemathesis."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from signatures import api
from tests.browser.site import running_site, without_limits
from tests.scanners.alone import alone

EXAMPLES, FEW = 100, 10  # for each kind of question


def broken(document: dict[str, Any], url: str, folder: Path, examples: int) -> list[str]:
    """The promises that answers break, each once."""
    (folder / "openapi.json").write_text(json.dumps(document))
    options = ("--max-examples", str(examples), "--seed", "1", "--continue-on-failure", "--no-color")
    command = [*alone("contract", folder), "run", "openapi.json", "--url", url, *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return sorted({line.removeprefix("- ") for line in done.stdout.splitlines() if line.startswith("- ")})


@pytest.mark.first
@pytest.mark.ci
def test_answers_are_as_promised_and_a_promise_that_is_not_kept_is_found(tmp_path: Path) -> None:
    document = json.loads(api.document())
    with running_site(tmp_path, **without_limits()) as site:
        url = f"http://localhost:{site.port}"
        assert broken(document, url, tmp_path, EXAMPLES) == []
        document["components"]["schemas"]["Campaign"]["properties"]["signatures"]["type"] = "string"
        assert broken(document, url, tmp_path, FEW) == ["ST108 Response violates schema"]
