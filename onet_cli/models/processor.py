"""What the processor can do."""

import re
from pathlib import Path

_UNITS = {"avx512_bf16", "amx_bf16", "bf16"}
"""What Linux calls them: Intel's and AMD's two kinds, and those of ARM."""


def has_bfloat16_units(facts: Path = Path("/proc/cpuinfo")) -> bool | None:
    """Return whether this processor multiplies bfloat16 itself, as Linux says; None: unknown."""
    try:
        text = facts.read_text()
    except OSError:
        return None
    found = re.search(r"^(?:flags|Features)\s*:(.*)$", text, re.MULTILINE)
    return None if found is None else bool(_UNITS & set(found[1].split()))
