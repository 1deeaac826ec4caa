"""The process that a client is measured in: `run.py` starts one for each client and round.

Its own environment is that of the client, and need not be `run.py`'s. Prints one JSON object on
standard output, trouble on the other.
"""

import json
import sys
import traceback
from dataclasses import asdict

import measure
from peers import PEERS
from target import Target
from workloads import WORKLOADS


def main(client: str, workload: str, requests: str, target: str) -> int:
    """Measure once. The exit status says whether it could be."""
    try:
        sample = measure.run(
            PEERS[client], WORKLOADS[workload], Target(**json.loads(target)), int(requests)
        )
    except Exception as error:
        traceback.print_exc()
        cause: BaseException = error
        while isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        print(json.dumps({"error": f"{type(cause).__name__}: {cause}"}))
        return 1
    print(json.dumps(asdict(sample)))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
