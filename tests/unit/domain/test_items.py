"""Accelerators are known by what their sellers call them."""

from __future__ import annotations

import pytest

from secondsource.domain.items import CHIPS, accelerator, matcher, normalised


@pytest.mark.parametrize(
    ("text", "chip"),
    [
        ("NVIDIA H100 80GB HBM3", "H100"),
        ("H100 (80 GB SXM5)", "H100"),
        ("H100_80GB", "H100"),
        ("GH200_96GB", "GH200"),
        ("AMD Instinct MI300X OAM", "MI300X"),
        ("Nvidia Tesla A100 GPU running in Americas", "A100"),
        ("Tesla V100-PCIE-16GB", "V100"),
        ("A10G", "A10G"),
        ("L40S", "L40S"),
        ("RTX4090_24GB", "RTX 4090"),
        ("NVIDIA GeForce RTX 3080 Ti", "RTX 3080 TI"),
        ("RTX6000-Ada", "RTX 6000 ADA"),
        ("NVIDIA RTX 6000 Ada Generation", "RTX 6000 ADA"),
        ("RTXPRO6000", "RTX PRO 6000"),
        ("RTX A4000", "RTX A4000"),
        ("A4000", "RTX A4000"),
        ("tpu-v5p-8", "TPU V5P"),
        ("Gaudi3", "GAUDI 3"),
    ],
)
def test_sellers_words_are_understood(text: str, chip: str) -> None:
    assert accelerator(text) == chip
    assert accelerator(chip) == chip
    assert matcher(CHIPS).match(normalised(chip)), "the shortage rule knows it as a chip too"


@pytest.mark.parametrize("text", ["unknown", "", "Intel Xeon 8480", "A1000000", "m5.large", "A2 Instance Core", "RTX PRO 6000 MIG 1g.24gb"])
def test_what_is_no_whole_accelerator_is_none(text: str) -> None:
    assert accelerator(text) is None
