"""What every adapter of a port must do, whatever it is made of.

An adapter joins by one entry in `adapters.py`; the suites know the ports only.
"""
