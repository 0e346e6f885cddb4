"""What is said where a name is not known."""

from streamer.app.hints import no_segment


def test_of_many_segments_a_few_are_named() -> None:
    known = [f"segment_{number:02}" for number in range(40)]
    assert no_segment("segment_7", known).startswith("no segment segment_7 in the rules: did you")
    said = no_segment("zzz", known)
    assert said.endswith("segment_10, segment_11 and 28 more")
    assert no_segment("zzz", known[:2]).endswith(": there are segment_00, segment_01")
