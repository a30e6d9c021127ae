"""Hints from process to process."""
