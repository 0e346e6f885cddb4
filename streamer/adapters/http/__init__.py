"""HTTP with aiohttp: what SDKs send to the collector, and what the server of answers shares."""
