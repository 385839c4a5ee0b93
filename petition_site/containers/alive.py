"""Whether the web server in this container answers: a script, run every few seconds and so without the site's code."""

import os
import sys
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

PORT = 8000


def lives() -> bool:
    # By the one name that the site surely answers to.
    headers = {"Host": urlsplit(os.environ.get("SITE_URL", "")).hostname or ""}
    connection = HTTPConnection("127.0.0.1", PORT, timeout=4)
    try:
        connection.request("GET", "/healthz", headers=headers)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not lives())
