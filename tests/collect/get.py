"""Get what the collector's clients need: ``python -m tests.collect.get``.

The packages of PyPI and npm that the locks say, into folders of `.servers/`, and Chromium from
Debian where it may be installed. What cannot be had is said; the tests that need it are skipped.
"""

import hashlib
import shutil
import sys
from pathlib import Path
from typing import Final

from tests.servers.get import install, say, succeeds
from tests.servers.machine import ROOT

PROGRAMS: Final = Path(__file__).parent / "npm"
_LOCK: Final = PROGRAMS / "package-lock.json"
_PYTHON_LOCK: Final = ROOT / "requirements" / "sdks.txt"


def _place(name: str, lock: Path) -> Path:
    """Return where what a lock says is kept."""
    return ROOT / ".servers" / f"{name}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"


PACKAGES: Final = _place("npm", _LOCK)
PYTHON_PACKAGES: Final = _place("sdks", _PYTHON_LOCK)


def browser() -> str | None:
    """Return the path of Chromium."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def missing_for_python() -> str | None:
    """Return what keeps the clients in Python from running here, None where nothing does."""
    if not PYTHON_PACKAGES.is_dir():
        return "their packages are missing (make sdks gets them)"
    return None


def missing_for_node() -> str | None:
    """Return what keeps the clients in Node from running here, None where nothing does."""
    if shutil.which("node") is None:
        return "there is no node on the path"
    if not PACKAGES.is_dir():
        return "the npm packages are missing (make sdks gets them)"
    return None


def missing_for_browser() -> str | None:
    """Return what keeps the clients in a browser from running here, None where nothing does."""
    if browser() is None:
        return "there is no chromium on the path (make sdks gets it where it may)"
    return missing_for_node()


def get_python_packages() -> None:
    """Have pip install exactly what the lock says, all or nothing."""
    part = PYTHON_PACKAGES.with_name(f"{PYTHON_PACKAGES.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    if succeeds([*pip, "--require-hashes", "-r", str(_PYTHON_LOCK), "--target", str(part)]):
        part.rename(PYTHON_PACKAGES)


def get_packages() -> None:
    """Have npm install exactly what the lock says, all or nothing, and run nothing of it."""
    part = PACKAGES.with_name(f"{PACKAGES.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PROGRAMS / name, part)
    if succeeds(["npm", "ci", "--silent", "--ignore-scripts", "--prefix", str(part.resolve())]):
        part.rename(PACKAGES)


def get() -> None:
    """Get everything that is missing, and say what is still missing then."""
    if not PYTHON_PACKAGES.is_dir():
        get_python_packages()
    if shutil.which("node") is None:
        install("nodejs")
    if shutil.which("npm") is None:
        install("npm")
    if shutil.which("npm") is not None and not PACKAGES.is_dir():
        get_packages()
    if browser() is None:
        install("chromium")
    missing = missing_for_python() or missing_for_browser()
    say(f"SOME SDKS CANNOT RUN HERE: {missing}" if missing else "the SDKs are ready")


if __name__ == "__main__":
    get()
