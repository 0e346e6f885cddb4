"""A report on segments as one page: it needs no network, no script and no other file.

    page       what the page says, section by section
    findings   what to look at first
    tables     the segments, and the pairs that overlap most
    figures    each segment over time
    charts     the pictures, drawn as SVG
    tags       text to HTML, safely
    page.css   how it looks: light and dark, wide and narrow, on a screen and on paper

The same report always gives the same bytes. Everything that comes from rules is escaped.
"""

from streamer.cli.report_page.page import as_page

__all__ = ["as_page"]
