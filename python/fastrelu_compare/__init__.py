"""Compares results of fastrelu-bench: tables, plots and one self-contained page."""
