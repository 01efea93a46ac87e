"""The vendor review: what was measured, and what a busy reader takes from it."""

from __future__ import annotations

import msgspec

from secondsource.domain.review.asks import Ask, asks
from secondsource.domain.review.facts import Facts
from secondsource.domain.review.headlines import Headline, headlines, sentence
from secondsource.domain.review.measured import Measured, measure


class VendorReview(msgspec.Struct, frozen=True):
    """A sentence, four figures and the asks; then everything measured, with what it rests on."""

    sentence: str
    headlines: tuple[Headline, Headline, Headline, Headline]
    asks: tuple[Ask, ...]
    measured: Measured


def review(facts: Facts) -> VendorReview:
    """The review of ``facts.vendor`` over ``facts.period``. The same facts give the same review."""
    measured = measure(facts)
    return VendorReview(sentence(measured), headlines(measured), asks(measured), measured)
