"""What an import costs beyond an interpreter that has started and imported nothing.

Run by `run.py` in a process of its own for each measurement; knows nothing of the rest, since
whatever it imported would be at hand for the module that it measures.
"""

import sys
import time

_PAGE_STATUS = "/proc/self/status"


def main(module: str) -> None:
    wall, cpu = time.perf_counter_ns(), time.process_time_ns()
    __import__(module)
    cpu, wall = time.process_time_ns() - cpu, time.perf_counter_ns() - wall
    memory = "null"
    try:
        with open(_PAGE_STATUS) as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    memory = str(int(line.split()[1]) / 1024)
    except OSError:
        pass
    print(f'{{"cpu_us": {cpu / 1000}, "wall_us": {wall / 1000}, "memory_mib": {memory}}}')


if __name__ == "__main__":
    main(sys.argv[1])
