"""The benchmarks are scripts and no package: their folders are put on the path."""

import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.extend([str(BENCHMARKS), str(BENCHMARKS / "peer")])
