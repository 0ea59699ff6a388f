"""The launcher: starts one process of the pipeline as any service is started, armed with one crash point or one planted bug.

`python -m faults.process`; UPSTREAM_CRASH and UPSTREAM_PLANTED arm it. Without them it changes nothing at all.
"""

import json
import os

from faults import crash_points, planted
from faults.pipeline import wiring
from upstream_runtime.run import main

if __name__ == "__main__":
    if told := os.environ.get("UPSTREAM_CRASH"):
        crash_points.arm(**json.loads(told))
    if name := os.environ.get("UPSTREAM_PLANTED"):
        planted.plant(name)
    main(wiring)
