"""Makes a plain client and one request: get.py URL. Prints what a user could notice, as JSON."""

from __future__ import annotations

import json
import sys

import hookline

with hookline.Client() as client:
    response = client.get(sys.argv[1])

seen = response.json()
del seen["client_port"]
print(json.dumps({"sent": seen, "received": [response.status_code, response.http_version]}))
