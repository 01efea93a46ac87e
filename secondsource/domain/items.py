"""Names of what is bought: accelerators and memory, as offers, prices, bills and news call them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import translate
from functools import lru_cache

CHIPS = (
    "a10", "a10g", "a30", "a40", "a100*", "a800*", "b100*", "b200*", "b300*", "gb200*", "gb300*", "gh200*", "h100*", "h200*", "h20",
    "h800*", "l4", "l40*", "t4", "v100*", "rtx*", "mi2[0-9]*", "mi3[0-9]*", "mi4[0-9]*", "tpu*", "trainium*", "trn[0-9]*",
    "inferentia*", "inf[0-9]*", "gaudi*", "nvidia-*", "amd-*",
)  # fmt: skip
"""Names that mean an accelerator, with ``*`` and ``?``, as :func:`normalised` leaves them."""

MEMORY = ("hbm", "hbm2e", "hbm3", "hbm3e", "hbm4", "dram", "ddr4", "ddr5", "lpddr5", "gddr6", "gddr7", "nand", "hdd")
"""Names that mean a kind of memory or storage."""


_JOINED = re.compile(r"(?<=\brtx)(?=pro|a?\d)|(?<=pro)(?=\d)|(?<=\bgaudi)(?=\d)|(?<=\d{4})(?=(?:ti|super|ada)\b)")
_SLICE = re.compile(r"\bmig\b")
_CHIP = re.compile(
    r"\b(?:rtx (?:pro )?a?\d{4}(?: (?:ti|super|ada))*|(?P<workstation>a[456][05]00)"
    r"|g[bh]\d00|[abh]\d00|h20|a10g?|a16|a[34]0|l[24]|l[24]0s?|t4g?|v100|p100|p40|k80"
    r"|mi\d{2,3}[ax]?|tpu v\d+[a-z]?|trainium\d?|inferentia\d?|gaudi \d)\b"
)


@lru_cache(maxsize=4096)
def normalised(item: str) -> str:
    """One spelling for one thing: lower case, with a dash for spaces and underscores (``H100 SXM`` is ``h100-sxm``)."""
    return re.sub(r"[\s_]+", "-", item.strip().lower())


def spellings(name: str) -> tuple[str, ...]:
    """The name as items are spelt, with and without what stands before its last slash (``openai/gpt-5``); the latter is first."""
    return tuple(dict.fromkeys((normalised(name.rpartition("/")[2]), normalised(name))))


def matcher(patterns: Iterable[str]) -> re.Pattern[str]:
    """What matches a normalised name that fits one of ``patterns``; without patterns, nothing."""
    return re.compile("|".join(translate(normalised(pattern)) for pattern in patterns) or "(?!)")


def accelerator(text: str) -> str | None:
    """The accelerator that a seller's words name, without maker, form and memory, so that all sellers' offers of it meet.

    ``NVIDIA H100 80GB HBM3``, ``H100 SXM`` and ``H100_80GB`` are ``H100``. None where no accelerator is known by that name,
    or where only a slice of one is sold (MIG).
    """
    words = _JOINED.sub(" ", " ".join(re.findall(r"[a-z0-9]+", text.lower())))
    found = None if _SLICE.search(words) else _CHIP.search(words)
    if found is None:
        return None
    return ("RTX " if found["workstation"] else "") + found.group().upper()
