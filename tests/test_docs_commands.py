"""Every command that the documents and the help show works, and every command is shown.

A document's code blocks are run line by line, in order, in a folder that holds the shipped rules.
The blocks may show what a command answers: the lines that follow it, up to the next command.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from click.testing import CliRunner

from streamer.adapters.kafka import Topics
from streamer.cli import COMMANDS, main
from tests.analysis.fitting.shoppers import lines, orders
from tests.cli.shop import event, run
from tests.servers.ports import free_port
from tests.waiting import wait_until
from tests.webhooks.changes import change, publish

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    path
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md"))
    if path.exists()
)
ON_KAFKA = {"erase", "status", "export", "suppress", "release", "unlink"} | {
    "topics",
    "publish",
    "run",
    "collect",
    "react",
    "changes",
    "serve",
    "trace",
}
"""The commands that need a Kafka; it has the topics that they ask for."""
AT_WORK = {
    "run": b"partition assigned",
    "collect": b"kafka is there",
    "react": b"partition assigned",
    "serve": b"up to date",
}
"""What commands without an end say once they work; then they are asked to end."""
WORD = re.compile(r"`((?:streamer|make) [^`]+)`")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 (of the tests)
WEBHOOKS = """\
[endpoints.crm]
url = "https://crm.example/hooks"
secrets = ["env:CRM_SECRET", "file:crm.secret"]
segments = ["cart_abandoner", "engagement"]
directions = ["entered"]
"""
REMINDERS = """\
from streamer.react import Change, Reactions

app = Reactions("cart-reminders")


@app.on_entered("cart_abandoner", after="1h")
async def remind(change: Change) -> None: ...
"""
REAL_SHOP = "online_retail_all.csv.gz"
HELP_NEEDS = {
    "mapping.yaml": """\
id: {template: "{order}"}
name: {value: order_completed}
time: {from: when, format: "%Y-%m-%d", zone: UTC}
user_id: customer
""",
    "requests.jsonl": """\
{"client_id": "1.1", "timestamp_micros": 1767225600000000, "events": [{"name": "page_view"}]}
""",
    "orders.csv": "order,when,customer\no-1,2026-01-01,u-7\n",
    "client.properties": "session.timeout.ms=6000\n",
    "tokens.toml": '[marketing]\ntoken = "known to marketing only"\n',
    "control.key": "known to the whole group, and to nobody else\n",
}


def blocks(path: Path) -> Iterator[str]:
    """Yield the lines of the code blocks of a document, fenced or indented."""
    fenced = False
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            yield line if fenced else line[4:]


def commands(path: Path) -> list[str]:
    """The commands in the code blocks of a document, without the comments behind them.

    They are our own, and what they need done to files before. One that reads a real shop is run by
    `test_real_data`, where there is such a shop.
    """
    found = (re.sub(r"\s{2,}#.*", "", line).strip() for line in blocks(path))
    return [
        line
        for line in found
        if line.startswith(("streamer ", "make ", "cp ", "sed ", "head ")) and REAL_SHOP not in line
    ]


def mentioned(path: Path) -> list[str]:
    """The commands that stand within the sentences and tables of a document."""
    return WORD.findall(path.read_text(encoding="utf-8"))


def help_examples() -> list[str]:
    """The examples in the help of every command."""
    found = []
    for command in COMMANDS:
        examples = run(command, "--help").output.partition("Examples:")[2]
        found += [line.strip() for line in examples.splitlines() if line.strip()]
    return found


def servers(line: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """Return the environment in which a line finds the servers that it needs."""
    if not re.search(rf"streamer ({'|'.join(ON_KAFKA)})\b", line):
        return {}
    environment = {"STREAMER_KAFKA": request.getfixturevalue("kafka").address}
    if "streamer status" in line or "streamer export" in line:
        environment["STREAMER_REDIS"] = request.getfixturevalue("redis_server").url
    if "streamer run" in line:
        environment["STREAMER_REDIS"] = request.getfixturevalue("redis_server").url
        environment["STREAMER_METRICS_PORT"] = str(free_port())
    if "streamer react" in line:
        environment["STREAMER_METRICS_PORT"] = str(free_port())
        environment["CRM_SECRET"] = SECRET
        environment["STREAMER_REDIS"] = request.getfixturevalue("redis_server").url
    if "streamer collect" in line:
        environment["STREAMER_PORT"] = str(free_port())
        environment["STREAMER_METRICS_PORT"] = str(free_port())
    if "streamer serve" in line:
        environment["STREAMER_REDIS"] = request.getfixturevalue("redis_server").url
        environment["STREAMER_SERVE_PORT"] = str(free_port())
        environment["STREAMER_METRICS_PORT"] = str(free_port())
    done = CliRunner(env=environment).invoke(main, ["topics", "create"])
    assert done.exit_code == 0, done.output
    return environment


def with_its_change(line: str, environment: Mapping[str, str]) -> str:
    """Publish a change for a line that asks for one, and return the line with the change's id."""
    if not line.startswith("streamer trace"):
        return line
    one = change("u-7")
    publish(environment["STREAMER_KAFKA"], Topics().changes, [one], partitions=1)
    return re.sub(r"[0-9a-f]{32}", one.change_id, line)


def shell(
    line: str, folder: Path, environment: Mapping[str, str] = MappingProxyType({})
) -> subprocess.CompletedProcess[str]:
    """Run a line as a person would, with an end where it has none of its own."""
    if line.startswith("streamer demo") and "--seconds" not in line:
        line += " --seconds 1"
    if line == "streamer demo --seconds 60 --speed 3600":
        line = "streamer demo --seconds 1 --speed 3600"
    if line.startswith("streamer simulate") and not re.search(r"--events|--for", line):
        few = 3 if "--live" in line else 50  # a live shop begins slowly
        line = line.replace("simulate", f"simulate --events {few}", 1)
    if line.startswith("streamer changes") and not re.search(r"--no-follow|\|", line):
        line += " --no-follow"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    everything = {**os.environ, "PATH": path, **environment}
    if line.startswith(
        ("streamer run", "streamer collect", "streamer react", "streamer serve")
    ) and ("--from" not in line and "replay" not in line):
        return until_at_work(line, folder, everything)
    return subprocess.run(  # noqa: S602 (the documents' own lines)
        line,
        shell=True,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,  # no line takes long, but the machine may be busy
        env=everything,
    )


def until_at_work(
    line: str, folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a line that has no end until it does what it is for, then end it."""
    with (
        (folder / "run.log").open("w+b") as log,
        subprocess.Popen(  # noqa: S602 (the same)
            f"exec {line}", shell=True, cwd=folder, stderr=log, env=environment
        ) as process,
    ):

        def at_work() -> bool:
            assert process.poll() is None, (folder / "run.log").read_text()
            return AT_WORK[line.split()[1]] in (folder / "run.log").read_bytes()

        wait_until(at_work, line, 60)
        process.terminate()
        process.wait(60)
        log.seek(0)
        said = log.read().decode()
    return subprocess.CompletedProcess(line, process.returncode, "", said)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as a user has one: the shipped rules, schemas and mappings."""
    for name in ("rules", "schemas"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "examples" / "definitions", tmp_path / "examples" / "definitions")
    shutil.copy(ROOT / "examples" / "storefront" / "keys.toml", tmp_path)
    (tmp_path / "webhooks.toml").write_text(WEBHOOKS, encoding="utf-8")
    (tmp_path / "services").mkdir()
    for module in ("reminders.py", "services/reminders.py"):
        (tmp_path / module).write_text(REMINDERS, encoding="utf-8")
    (tmp_path / "crm.secret").write_text(SECRET, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_in_a_block_works(
    path: Path, folder: Path, request: pytest.FixtureRequest
) -> None:
    for line in commands(path):
        if line.startswith("make "):
            done = shell(f"make -n -C {ROOT} {line.removeprefix('make ')}", folder)
        else:
            environment = servers(line, request)
            done = shell(with_its_change(line, environment), folder, environment)
        not_done = line.startswith("streamer status")  # nobody works here
        failed = done.returncode != int("--strict" in line or not_done)
        assert not failed, f"{line}\n{done.stdout[-2_000:]}\n{done.stderr[-2_000:]}"


def test_the_answer_that_a_document_shows_is_the_answer(folder: Path) -> None:
    path = ROOT / "docs" / "commands.md"
    shown = path.read_text(encoding="utf-8").partition("until when:\n\n")[2].partition("\nFor ")[0]
    lines = commands(path)
    explain = next(line for line in lines if line.startswith("streamer explain"))
    shell(lines[0], folder)
    answer = shell(explain, folder).stdout
    assert [line.removeprefix("    ") for line in shown.rstrip().splitlines()] == (
        answer.rstrip().splitlines()
    )


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_within_a_sentence_exists_with_its_options(path: Path) -> None:
    for line in mentioned(path):
        program, name, *rest = line.split()
        if program == "make":
            assert re.search(rf"^{name}:", (ROOT / "Makefile").read_text(), re.MULTILINE), line
        else:
            assert name in COMMANDS, line
            known = run(name, "--help").output
            assert all(word in known for word in rest if word.startswith("--")), line


def test_every_command_is_shown_in_the_readme_and_in_a_block_of_the_docs() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = {line.split()[1] for path in DOCUMENTS for line in commands(path)}
    for command in COMMANDS:
        assert f"streamer {command}" in readme
        assert command in shown


@pytest.mark.parametrize("line", help_examples())
def test_every_example_in_the_help_works(
    line: str, folder: Path, request: pytest.FixtureRequest
) -> None:
    for name, text in HELP_NEEDS.items():
        (folder / name).write_text(text)
    (folder / "events.jsonl").write_bytes(event(1, 0, "u-7") + b"\n")
    shutil.copytree(folder / "rules", folder / "new")
    if line.startswith("streamer fit"):
        (folder / "events.jsonl").write_bytes(lines(60, 52, 1))
        (folder / "orders.csv").write_text(orders(60, 52, 1))
    if line.startswith("streamer effect"):
        shell("streamer simulate --customers 200 --for 14d --out events.jsonl", folder)
        shell("streamer replay events.jsonl --out changes.jsonl", folder)
    shell("cp events.jsonl january.jsonl; cp events.jsonl february.jsonl", folder)
    shell("gzip january.jsonl february.jsonl orders.csv", folder)
    if "--sqlite shop.db" in line:
        shell("streamer demo --seconds 1 --file shop.db", folder)
    if "--out events.jsonl" in line:
        (folder / "events.jsonl").unlink()
    environment = servers(line, request)
    done = shell(with_its_change(line, environment), folder, environment)
    assert done.returncode == 0, f"{done.stdout[-2_000:]}\n{done.stderr[-2_000:]}"
