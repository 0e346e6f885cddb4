"""Write the dashboards: ``python -m ops.dashboards ops/grafana/dashboards``.

Three of them: for operators, for marketers, and one worker in depth.
"""

import json
import sys
from pathlib import Path
from typing import Final

from ops.boards import marketers, operators, process
from ops.boards.grafana import as_json

DASHBOARDS: Final = (operators.BOARD, marketers.BOARD, process.BOARD)


def main(folder: Path) -> None:
    """Write a file for each dashboard."""
    for dashboard in DASHBOARDS:
        text = json.dumps(as_json(dashboard), indent=2, ensure_ascii=False)
        (folder / f"{dashboard.uid}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
