"""Capabilities of the processor."""

import re
from pathlib import Path

_UNITS = {"avx512_bf16", "amx_bf16", "bf16"}
"""CPU flags of Linux for bfloat16 units: two of Intel and AMD, and those of ARM."""


def has_bfloat16_units(facts: Path = Path("/proc/cpuinfo")) -> bool | None:
    """Return whether this processor has bfloat16 units, according to Linux; None if unknown."""
    try:
        text = facts.read_text()
    except OSError:
        return None
    found = re.search(r"^(?:flags|Features)\s*:(.*)$", text, re.MULTILINE)
    return None if found is None else bool(_UNITS & set(found[1].split()))
