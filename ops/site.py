"""Hooks of MkDocs: what the documents link to outside of `docs/` is on the site, too.

On a code host a link leads from `docs/` into the repository. On the site the pages of the
repository's root become pages, the README the first of them, and rules, schemas and the READMEs of
examples become files or pages.
"""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "LICENSE": "LICENSE",
}
FILES = ("rules/**/*.yaml", "schemas/**/*.*", "examples/**/README.md", "examples/**/*.yaml")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages of the root, the rules, the schemas, the READMEs and rules of the examples."""
    for name, page in PAGES.items():
        content = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=as_in_docs(content)))
    for pattern in FILES:
        for path in sorted(ROOT.glob(pattern)):
            name = path.relative_to(ROOT).as_posix()
            files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 (the hook's signature)
    """Let links out of `docs/`, and those back into it, lead to where `on_files` has put things."""
    outside = re.sub(r"\]\(\.\./(rules|schemas|examples)/", r"](\1/", markdown)
    return outside.replace("](../../docs/", "](../../")


def as_in_docs(markdown: str) -> str:
    """Return a page of the root with its links as they are from `docs/`."""
    named = re.sub(
        r"\]\((\w+(?:\.md)?)\)", lambda link: f"]({PAGES.get(link[1], link[1])})", markdown
    )
    return named.replace("](docs/", "](")
