"""Measurements against peers: `python benchmarks/run.py`. No part of the product."""
