"""What is kept about a customer: said in full, with a reason, and nothing else is kept."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from streamer.adapters.database import Database
from streamer.adapters.sqlite import SqliteLog, SqliteSink, SqliteStore
from streamer.analysis.privacy import Datum, Privacy, privacy, without_reason
from streamer.app.inputs import Rules, load_rules
from streamer.app.shipped import shipped_rules
from streamer.codecs.events import decode
from streamer.codecs.profiles import ProfileCodec
from streamer.core.engine.decide import decide
from streamer.core.profile import Profile
from streamer.core.rules.compile import compile_rules
from streamer.language import read_rules_text
from streamer.language.table import LEAVES
from streamer.simulation import Simulation, simulate
from streamer.types import DAY, Event
from streamer.worker import Batching, LogRunner, PartitionTask

MODEL = """\
model: alive
kind: bg_nbd
purchase: order_completed
unit: 7d
parameters: {r: 1, alpha: 1, a: 1, b: 1}
"""
SECRET = b"what-nobody-asked-for"
SHIPPED = load_rules([str(shipped_rules())])


def rules_of(*documents: str, purpose: str = "Say something useful.") -> Rules:
    text = "\n---\n".join(f"{document}\npurpose: {purpose}" for document in documents)
    declared = read_rules_text(text)
    return Rules(declared, compile_rules(declared.header, declared.declarations))


def kept_by(*documents: str) -> Privacy:
    return privacy(rules_of(*documents))


def test_a_datum_names_its_rules_and_counts_as_long_as_the_longest_of_them() -> None:
    rules = rules_of(
        "segment: one\nwhen: {performed: product_added, within: 7d}",
        "segment: two\nwhen: {not_performed: product_added, within: 1d}",
    )
    found = privacy(rules)
    bound = rules.compiled.cells[0].max_bytes()
    assert found.data == (
        Datum("the last times of product_added", (), 7 * DAY, bound, ("one", "two")),
    )
    assert [reason.purpose for reason in found.reasons] == ["Say something useful."] * 2
    assert [reason.counts_for for reason in found.reasons] == [7 * DAY, DAY]
    assert found.retention == 400 * DAY


def test_values_are_kept_only_of_what_a_condition_is_about() -> None:
    (datum,) = kept_by(
        "segment: one\nwhen: {performed: product_added, where: {category: shoes}, "
        "distinct: product_id, within: 7d, at_least: 2}"
    ).data
    assert datum.values == ("product_id",)
    assert (
        datum.what
        == "the last different product_id of product_added where category is shoes, and when"
    )


def test_of_what_must_only_exist_the_value_is_not_kept() -> None:
    address, consent = kept_by(
        "segment: one\nwhen: {all: [{trait: email, exists: true}, {trait: consent, is: true}]}"
    ).data[::-1]
    assert (address.what, address.values) == ("whether there is trait email", ())
    assert (consent.what, consent.values) == ("trait consent", ("consent",))


def test_a_rule_that_is_not_evaluated_keeps_nothing() -> None:
    found = kept_by("segment: one\nwhen: {performed: any}\nsettings: {enabled: false}")
    assert (found.data, found.reasons) == ((), ())


REFERENCES = ("in_segment", "left_segment")
LADDER = "ladder: engagement\ntiers: [{active: {trait: segment, is: x}}]"


@pytest.mark.parametrize("leaf", [leaf for leaf in LEAVES if leaf not in (*REFERENCES, "season")])
def test_every_leaf_that_remembers_says_what(leaf: str) -> None:
    assert len(kept_by(f"{MODEL}---\nsegment: one\nwhen: {LEAVES[leaf].example}").data) == 1


def test_when_a_segment_was_left_is_kept() -> None:
    found = kept_by(LADDER, f"segment: one\nwhen: {LEAVES['left_segment'].example}")
    (datum,) = (datum for datum in found.data if "one" in datum.rules)
    assert datum.what == "when engagement.active was left last"


@pytest.mark.parametrize("leaf", ["in_segment", "season"])
def test_a_leaf_that_remembers_nothing_keeps_nothing(leaf: str) -> None:
    found = kept_by(LADDER, f"segment: one\nwhen: {LEAVES[leaf].example}")
    assert not any("one" in datum.rules for datum in found.data)
    assert next(one.counts_for for one in found.reasons if one.key == "one") == 0


@pytest.mark.parametrize(
    ("purpose", "fault"),
    [
        ("TODO: ask the lawyers", "is still to be written"),
        ("Marketing.", "is no sentence"),
        ("Looks at much.", "only repeats its name"),
        ("one", "only repeats its name"),
    ],
)
def test_a_placeholder_is_no_purpose(purpose: str, fault: str) -> None:
    rules = rules_of(
        "segment: one\ntitle: Looks at much\nwhen: {performed: any}", purpose=f'"{purpose}"'
    )
    (finding,) = without_reason(rules)
    assert (finding.file, finding.line, finding.column) == ("rules.yaml", 1, 10)
    assert fault in finding.message


def test_what_is_not_kept_needs_no_purpose() -> None:
    rules = rules_of(
        "segment: one\nwhen: {performed: any}\nsettings: {enabled: false}", purpose="TODO"
    )
    assert without_reason(rules) == []


def test_the_shipped_rules_have_their_reasons() -> None:
    assert without_reason(SHIPPED) == []


def test_a_property_that_no_rule_reads_reaches_neither_store_nor_sink(tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    with Database(tmp_path / "log.db") as incoming, Database(store) as kept:
        log = SqliteLog(incoming)
        products = {product for line in _lines(5_000) for product in log_line(log, line)}
        sink = SqliteSink(kept)
        task = PartitionTask(SHIPPED.compiled, SqliteStore(kept), sink, decode)
        runner = LogRunner(task, log, sink, Batching().batch)
        runner.start()
        while runner.step():
            pass
        sizes = SqliteSink(kept).sizes()
    found = b"".join(path.read_bytes() for path in tmp_path.glob("store.db*"))
    assert sum(sizes.values()) > 100
    assert SECRET in (tmp_path / "log.db").read_bytes()
    assert SECRET not in found
    assert any(product.encode() in found for product in products)


def log_line(log: SqliteLog, line: bytes) -> Iterator[str]:
    """Append the line with a secret in every place that may hold one; yield its products."""
    event = orjson.loads(line)
    properties = event.setdefault("properties", {})
    for holder in (properties, *properties.get("products", ()), event.setdefault("traits", {})):
        holder["note"] = SECRET.decode()
        holder["notes"] = {"more": [SECRET.decode()]}
    log.append(orjson.dumps(event))
    if "product_id" in properties:
        yield properties["product_id"]


def _lines(number: int) -> Iterator[bytes]:
    for arrival, _ in zip(simulate(Simulation(customers=60)), range(number), strict=False):
        yield arrival.line


def test_profiles_hold_values_of_what_is_said_to_be_kept_and_no_others() -> None:
    kept = {name for datum in privacy(SHIPPED).data for name in datum.values}
    codec = ProfileCodec(SHIPPED.compiled)
    profiles = b""
    seen: dict[str, set[str]] = {}
    for case in SHIPPED.declared.tests:
        profile: Profile | None = None
        for event in case.events:
            profile = decide(SHIPPED.compiled, profile, event).profile
            assert profile is not None
            profiles += codec.encode(profile)
            for name, value in texts(event):
                seen.setdefault(name, set()).add(value)
    found = {
        name for name, values in seen.items() if any(one.encode() in profiles for one in values)
    }
    assert {"product_id", "query", "interests", "postal_code"} <= found <= kept
    assert {"email", "campaign", "channel", "promotion_id"} <= seen.keys() - found


def texts(event: Event) -> Iterator[tuple[str, str]]:
    """Yield the event's texts that are long enough to be no accident in a profile's bytes."""
    for holder in (event.properties, event.traits or {}, *event.properties.get("products", ())):
        for name, value in holder.items():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, str) and len(one) > 4:
                    yield name, one
