"""What helps to run Streamer around the product itself; no part of the package."""
