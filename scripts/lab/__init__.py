"""Real servers, certificates and mail programs on loopback, for the demo and the tests.

Python's standard library only; every port is chosen by the system; everything lives in one temporary folder.
"""
