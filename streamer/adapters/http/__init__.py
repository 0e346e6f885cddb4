"""The collector's HTTP side: what SDKs send, within limits, under the keys of a file (aiohttp)."""
