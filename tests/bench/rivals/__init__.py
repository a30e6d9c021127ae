"""Vestnik beside its rivals: the same work, the same machine, one interleaved run (docs/benchmarks.md)."""
