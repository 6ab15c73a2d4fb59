"""What is written: words, places, conditions, lengths, diagnostics, spec, plan, rules.

Pure: no clock, and no I/O but reading files.
"""
