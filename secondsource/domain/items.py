"""Names of what is bought: accelerators and memory, as offers, prices, bills and news call them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import translate

CHIPS = (
    "a10", "a10g", "a30", "a40", "a100*", "a800*", "b100*", "b200*", "b300*", "gb200*", "gb300*", "gh200*", "h100*", "h200*", "h20",
    "h800*", "l4", "l40*", "t4", "v100*", "rtx*", "mi2[0-9]*", "mi3[0-9]*", "mi4[0-9]*", "tpu*", "trainium*", "trn[0-9]*",
    "inferentia*", "inf[0-9]*", "gaudi*", "nvidia-*", "amd-*",
)  # fmt: skip
"""Names that mean an accelerator, with ``*`` and ``?``, as :func:`normalised` leaves them."""

MEMORY = ("hbm", "hbm2e", "hbm3", "hbm3e", "hbm4", "dram", "ddr4", "ddr5", "lpddr5", "gddr6", "gddr7", "nand", "hdd")
"""Names that mean a kind of memory or storage."""


def normalised(item: str) -> str:
    """One spelling for one thing: lower case, with a dash for spaces and underscores (``H100 SXM`` is ``h100-sxm``)."""
    return re.sub(r"[\s_]+", "-", item.strip().lower())


def matcher(patterns: Iterable[str]) -> re.Pattern[str]:
    """What matches a normalised name that fits one of ``patterns``; without patterns, nothing."""
    return re.compile("|".join(translate(normalised(pattern)) for pattern in patterns) or "(?!)")
