"""The files of the page, held in memory, each with the hash of its bytes as its ETag.

The page is made to run under a policy without `unsafe-inline` and without `unsafe-eval`: nothing
that a shop, a customer or a rule file has written can become a script.
"""

import base64
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent / "page"
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
INDEX: Final = "index.html"
_IMPORT_MAP: Final = re.compile(r'<script type="importmap">(.*?)</script>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class File:
    """One file of the page."""

    body: bytes
    content_type: str
    etag: str


class PageFiles:
    """All files, by their paths below `/page/`; `policy` is the Content-Security-Policy."""

    def __init__(self, folder: Path = _FOLDER) -> None:
        self.files = {
            path.relative_to(folder).as_posix(): _file(path)
            for path in sorted(folder.rglob("*"))
            if path.suffix in _TYPES
        }
        index = self.files[INDEX].body.decode()
        inline = [
            base64.b64encode(sha256(each.encode()).digest()).decode()
            for each in _IMPORT_MAP.findall(index)
        ]
        scripts = " ".join(["'self'", *(f"'sha256-{each}'" for each in inline)])
        self.policy = (
            f"default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self'; "
            "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        )


def _file(path: Path) -> File:
    body = path.read_bytes()
    return File(body, _TYPES[path.suffix], etag(body))


def etag(body: bytes) -> str:
    """Return the ETag of some bytes."""
    return f'"{sha256(body).hexdigest()[:32]}"'
