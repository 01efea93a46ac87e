"""What the trade press calls things: open lists of the words that make a label, of such as only look like it, and of goods.

A plus sign stands for the rest of a word, at its end or its beginning: ``shortage+`` is shortage and shortages, ``+engpass`` is
Speicherengpass. An ellipsis stands for up to three other words, in writing without spaces for up to fifteen characters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

LabelName = Literal[
    "shortage", "allocation", "price", "export_control", "disaster", "fab_incident", "insolvency", "acquisition", "labour", "energy"
]  # fmt: skip

TERMS: Mapping[LabelName, tuple[str, ...]] = {
    "shortage": (
        "shortage+", "short supply", "scarcity", "scarce", "undersuppl+", "under-suppl+", "supply crunch", "supply crisis",
        "supply squeeze", "tight supply", "tight supplies", "supply tightness", "supply constraint+", "constrained supply",
        "supply-constrained", "capacity constraint+", "capacity crunch", "sold out", "out of stock", "longer lead time+",
        "lead times … lengthen+", "lead times … stretch+", "lead times … longer", "demand … outstrip+", "demand … exceed+ … supply",
        "can not meet demand", "can't meet demand", "cannot meet demand", "unable to meet demand", "force majeure",
    ),
    "allocation": (
        "on allocation", "allocation only", "rationing", "rationed", "order limit+", "purchase limit+",
        "stop+ taking … orders", "halt+ … orders", "suspend+ … orders", "fully booked", "capacity … booked", "prioriti+ … customers",
    ),
    "price": (
        "price hike+", "price increase+", "price rise+", "price surge+", "price jump+", "prices … ris+", "prices … rose",
        "prices … climb+", "prices … surg+", "prices … jump+", "prices … soar+", "prices … up", "rais+ … prices", "hik+ … prices",
        "increas+ … prices", "contract price+", "spot price+", "price cut+", "prices … fall+", "prices … fell", "prices … drop+",
        "surcharge+", "prices … doubl+",
    ),
    "export_control": (
        "export control+", "export curb+", "export ban+", "export restriction+", "export licen+", "export rule+", "export permit+",
        "export quota+", "export privileges", "export administration regulations", "commerce control list", "entity list",
        "unverified list", "denied persons list", "military end use+", "validated end-user+", "foreign direct product",
        "trade blacklist", "sanction+", "tariff+", "trade restriction+", "embargo+",
    ),
    "disaster": (
        "earthquake+", "quake+", "flooding", "flooded", "floods", "flood hits", "typhoon+", "hurricane+", "cyclone+", "tsunami+",
        "wildfire+", "winter storm+", "ice storm+", "drought+", "volcan+", "landslide+",
    ),
    "fab_incident": (
        "fab fire", "fire at … fab", "fire at … plant", "fire at … factory", "plant fire", "factory fire", "fire at … data center",
        "fire at … data centre", "data center fire", "data centre fire", "explosion at … plant", "explosion at … factory",
        "production halt+", "production … halted", "production … suspended", "halt+ … production", "suspend+ … production",
        "wafers … scrapped", "wafer+ … lost", "contaminat+", "gas leak", "fab … power outage", "power outage at … fab",
        "power outage at … plant", "fab … blackout", "evacuat+ … fab", "evacuat+ … plant",
    ),
    "insolvency": (
        "bankruptcy", "bankrupt", "insolven+", "chapter 11", "chapter 7", "receivership", "default+ on … debt", "liquidation",
        "winding up", "wound up", "creditor protection", "going concern", "into administration", "negative equity",
    ),
    "acquisition": (
        "acquisition+", "acquir+", "takeover", "take over", "merger", "merge+ with", "to buy … stake", "buyout", "to buy … for $+",
    ),
    "labour": (
        "on strike", "strike action", "strike vote", "strike at", "strike over", "workers … strike", "union … strike",
        "walkout+", "work stoppage", "lockout", "layoff+", "lays off", "lay off", "laid off",
    ),
    "energy": (
        "power shortage+", "power cut+", "blackout+", "brownout+", "power rationing", "grid … constraint+", "grid … strain+",
        "strain+ … grid", "grid … emergency", "electricity price+", "power price+", "energy price+", "energy cost+", "energy crisis",
        "load shedding", "grid connection+",
    ),
}  # fmt: skip

LOOKALIKES: Mapping[LabelName, tuple[str, ...]] = {
    "shortage": (
        "labor shortage+", "labour shortage+", "worker shortage+", "staff shortage+", "talent shortage+", "skills shortage+",
        "power shortage+", "housing shortage+", "shortage of … talent", "shortage of … workers", "tickets … sold out",
    ),
    "price": ("share price+", "stock price+"),
    "export_control": ("power tariff+", "electricity tariff+", "feed-in tariff+", "tariff cut+", "cut+ … tariffs"),
    "disaster": (
        "salt typhoon", "volt typhoon", "flax typhoon", "silk typhoon", "flooding the market", "flooded the market", "floods … market",
        "flooded with", "flooding … with",
    ),
    "fab_incident": ("contamination control", "contamination monitoring"),
    "insolvency": ("chapter 11 of", "chapter 7 of", "liquidation sale"),
    "acquisition": (
        "data acquisition", "customer acquisition", "talent acquisition", "signal acquisition", "image acquisition",
        "acquisition … card+", "acquisition board+", "acquisition module+", "acquisition system+", "acquisition unit+",
        "acquisition rate+", "acquired taste",
    ),
    "labour": ("drone strike+", "missile strike+", "air strike+", "military strike+", "lightning strike+"),
    "energy": ("media blackout", "news blackout", "information blackout", "fab … blackout"),
}  # fmt: skip
"""Phrases that hold the words of a label and do not mean it."""

# Ids as in prices, offers and the catalog, with the words for them.
CHIPS_AND_MEMORY: Mapping[str, tuple[str, ...]] = {
    "a100": ("A100",), "h100": ("H100",), "h200": ("H200",), "h20": ("H20",), "b200": ("B200",), "b300": ("B300",),
    "gb200": ("GB200",), "gb300": ("GB300",), "gh200": ("GH200",), "l40s": ("L40S",), "mi300x": ("MI300X", "MI300"),
    "mi325x": ("MI325X",), "mi355x": ("MI355X", "MI350"), "tpu": ("TPU", "TPUs"), "trainium": ("Trainium", "Trainium2", "Trainium3"),
    "gpu": ("GPU", "GPUs", "graphics processor", "graphics processors"),
    "hbm": ("HBM", "HBM2E", "HBM3", "HBM3E", "HBM4", "high-bandwidth memory", "high bandwidth memory"),
    "dram": ("DRAM", "DDR4", "DDR5", "LPDDR5", "LPDDR5X", "GDDR6", "GDDR7"),
    "nand": ("NAND", "flash memory", "SSD", "SSDs"), "hdd": ("HDD", "HDDs", "hard drives", "hard disk drives"),
    "cowos": ("CoWoS", "advanced packaging"), "wafer": ("wafer", "wafers"), "euv": ("EUV",),
    "neon-gas": ("neon gas",), "helium": ("helium",), "gallium": ("gallium",), "germanium": ("germanium",),
    "transformer": ("power transformer", "power transformers"),
}  # fmt: skip
