"""That the tests beside this one ran compiled code; `test_package` runs it with them."""

from streamer.core.engine import decide
from streamer.core.leaves import performed
from streamer.worker import batch


def test_the_hot_lane_is_compiled() -> None:
    files = [str(module.__file__) for module in (decide, performed, batch)]
    assert not [file for file in files if file.endswith(".py")]
