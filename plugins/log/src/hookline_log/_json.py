"""A formatter for logs that programs read. Knows logging's records; nothing of HTTP."""

from __future__ import annotations

import json
import logging
import time


class JSONFormatter(logging.Formatter):
    """One line of JSON for each record: `time` (UTC), `level`, `logger`, `message`, an `exception`
    where there is one, and what the record says about a request, its `http_` left off:
    `{"method": "GET", "status": 200, ...}`."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON. What is no JSON is written as its `str`."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "time": f"{moment}.{int(record.msecs):03}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {
            name.removeprefix("http_"): value
            for name, value in vars(record).items()
            if name.startswith("http_") and value is not None
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
