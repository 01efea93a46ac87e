"""The connectors of prices on recorded payloads: every file is read with counts that are pinned, or is listed with the reason why not."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from secondsource.adapters.plugins import connector
from secondsource.cli.detect import candidates
from secondsource.contracts.connector import ParseError
from secondsource.domain.money import Unit
from secondsource.domain.observations import Offer, Price, Retirement
from tests.connectors import test_corpus as corpus

pytestmark = corpus.pytestmark

COUNTS = [
    ("litellm_prices", "litellm__model-prices.json", {"price": 1438, "retirement": 16}),
    ("openrouter_models", "openrouter__models-2024-10-16.json", {"price": 567}),
    ("openrouter_models", "openrouter__models-2026-03-31.json", {"price": 948, "retirement": 8}),
    ("openrouter_models", "openrouter__models-2026-08-22.json", {"price": 1667, "retirement": 8}),
    ("openrouter_models", "openrouter__models-small.json", {"price": 24}),
    ("gpu_offers", "runpod__gpu-types.json", {"offer": 82, "price": 76}),
    ("component_prices", "dramexchange__spot-tables.html", {"price": 7}),
    ("energy", "miso__day-ahead-expost-lmp.csv", {"price": 6}),
    ("gcp_billing", "gcp__billing-skus.json", {"price": 3}),
    ("gpu_offers", "vastai__bundles.json", {"offer": 3, "price": 3}),
    ("gpu_offers", "prime-intellect__b200-180gb.jsonl", {"offer": 3}),
    ("gpu_offers", "prime-intellect__gh200-96gb.jsonl", {"offer": 2}),
]

NOT_READ = {
    "aws__reservation-offerings.json": "a table that another program keeps of reservations, no answer of AWS",
    "gcp__billing-skus-error.json": "an error of Google's, refused below",
    "gcp__tpu-pricing.json": "a table that another program keeps by hand",
    "openrouter__price-history.json": "made by people from the lists; it is what the series of lists is held against",
    **dict.fromkeys(
        (f"llm-prices__{vendor}.json" for vendor in ("amazon", "anthropic", "deepseek", "google", "minimax", "mistral", "openai")),
        "kept by hand from vendors' pages, no answer of a service",
    ),
}


def test_every_recorded_file_is_read_or_listed() -> None:
    files = {path.name for path in (corpus.CORPUS / "prices").iterdir()}
    assert files == {file for _, file, _ in COUNTS} | NOT_READ.keys()
    assert len(COUNTS) + len(NOT_READ) == len(files)


@pytest.mark.parametrize("file", sorted(NOT_READ))
def test_what_is_not_read_is_not_taken_for_something_else(file: str) -> None:
    assert candidates(corpus.response(corpus.CORPUS / "prices" / file)) == ()


@pytest.mark.parametrize(("name", "file", "expected"), COUNTS, ids=[file for _, file, _ in COUNTS])
def test_counts(name: str, file: str, expected: dict[str, int]) -> None:
    parsed = corpus.parse(name, f"prices/{file}")
    assert corpus.kinds(parsed) == expected
    assert max(Counter((reading.vendor, reading.subject) for reading in parsed.readings).values()) == 1
    assert candidates(corpus.response(corpus.CORPUS / "prices" / file))[0][0] == name


def test_every_litellm_list_is_read_whole_and_exactly() -> None:
    counts = []
    for path in sorted((corpus.CORPUS / "series" / "litellm-model-prices").glob("*.json")):
        parsed = corpus.parse("litellm_prices", path)
        subjects = Counter((reading.vendor, reading.subject) for reading in parsed.readings)
        assert max(subjects.values()) == 1
        counts.append(len(parsed.readings))
    assert counts == [1263, 1280, 1305, 1329, 1024, 1029, 1082, 1197, 1218, 1256, 1288, 1300]


def test_litellm_prices_known_by_hand() -> None:
    bodies = {(r.vendor, r.subject): r.body for r in corpus.parse("litellm_prices", "prices/litellm__model-prices.json").readings}
    for dimension, dollars in {"input": "3", "output": "15", "cached_input": "0.3", "cache_write": "3.75"}.items():
        body = bodies["anthropic", f"price/claude-3-7-sonnet-20250219/{dimension}"]
        assert isinstance(body, Price)
        assert str(body.amount) == str(Decimal(dollars))
    retirement = bodies["anthropic", "retirement/claude-3-7-sonnet-20250219"]
    assert isinstance(retirement, Retirement)
    assert retirement.retires_at == datetime(2026, 2, 19, tzinfo=UTC)


def test_prices_above_200k_tokens_are_prices_of_their_own() -> None:
    bodies = [r.body for r in corpus.parse("litellm_prices", "prices/litellm__model-prices.json").readings]
    tiered = [body for body in bodies if isinstance(body, Price) and "above 200k tokens" in body.conditions]
    assert len(tiered) == 67
    assert Counter(body.dimension for body in tiered) == {"input": 18, "output": 18, "cached_input": 17, "cache_write": 14}


def test_openrouter_prices_known_by_hand() -> None:
    bodies = {r.subject: r.body for r in corpus.parse("openrouter_models", "prices/openrouter__models-2026-08-22.json").readings}
    model = "price/deepseek/deepseek-v4-flash-vision-exp"
    for subject, dollars in {
        f"{model}/input": "0.22",
        f"{model}/input/10:00-01:00 UTC": "0.22",
        f"{model}/input/01:00-04:00 UTC": "0.44",
        "price/qwen/qwen3-max/output/from 128k tokens": "9.75",
    }.items():
        body = bodies[subject]
        assert isinstance(body, Price)
        assert body.amount == Decimal(dollars)
    ends = [body for body in bodies.values() if isinstance(body, Retirement)]
    assert {body.retires_at.year for body in ends if body.retires_at} == {2026}
    assert not [subject for subject in bodies if subject.startswith("price/openrouter/auto/")]


def test_runpods_zeros_and_placeholders_are_no_prices() -> None:
    parsed = corpus.parse("gpu_offers", "prices/runpod__gpu-types.json")
    offers = [r.body for r in parsed.readings if isinstance(r.body, Offer)]
    assert Counter(offer.listed for offer in offers) == {True: 76, False: 6}
    assert {offer.item for offer in offers if not offer.listed} == {"A100", "RTX 3070", "RTX 3080", "RTX 3080 TI", "V100"}
    assert min(r.body.amount for r in parsed.readings if isinstance(r.body, Price)) == Decimal("0.12")
    assert Decimal("0.5") not in {r.body.amount for r in parsed.readings if isinstance(r.body, Price)}
    assert parsed.notes == ("1 entries without a GPU left out", "12 prices that are placeholders (0.5) left out")


def test_vasts_machines_are_priced_for_one_gpu() -> None:
    offers = {
        r.body.region: r.body for r in corpus.parse("gpu_offers", "prices/vastai__bundles.json").readings if isinstance(r.body, Offer)
    }
    # United States: 4 for 6.93, 4 for 6.93 and 1 for 1.79; Japan: 4 for 6.40 and 8 for 16; Taiwan: 1 for 2.20
    assert {region: (offer.count, offer.price) for region, offer in offers.items()} == {
        "US": (9, Decimal("1.733333")),
        "JP": (12, Decimal("1.6")),
        "TW": (1, Decimal("2.203051")),
    }


def test_googles_units_and_nanos_make_exact_prices_in_every_region() -> None:
    reader = connector("gcp_billing")
    config = reader.spec.config.model_validate({"descriptions": []})
    parsed = reader.parse(corpus.response(corpus.CORPUS / "prices/gcp__billing-skus.json"), config)
    bodies = {(r.body.item, r.body.region): r.body for r in parsed.readings if isinstance(r.body, Price)}
    assert len(bodies) == len(parsed.readings) == 17
    for (item, region), (amount, unit, currency) in {
        ("A100", "us-east1"): ("2.933908", Unit.ACCELERATOR_HOUR, "USD"),
        ("A2 Instance Core", "us-west1"): ("0.031611", Unit.HOUR, "USD"),
        ("T2D AMD Instance Core", "asia-southeast1"): ("508.934997455", Unit.HOUR, "IDR"),
        # 0.004237 for a GiB, of which a GB is 1 in 1.073741824
        ("A2 Instance Ram", "us-central1"): ("0.003946013748645782470703125", Unit.GB_HOUR, "USD"),
    }.items():
        body = bodies[item, region]
        assert (body.amount, body.unit, body.currency) == (Decimal(amount), unit, currency)


def test_googles_error_says_what_to_do() -> None:
    with pytest.raises(ParseError, match=r"error: Google answers INVALID_ARGUMENT API_KEY_INVALID: .* Check the key that `auth` names"):
        corpus.parse("gcp_billing", "prices/gcp__billing-skus-error.json")


def test_memory_prices_known_by_hand() -> None:
    readings = corpus.parse("component_prices", "prices/dramexchange__spot-tables.html").readings
    prices = {reading.subject: reading for reading in readings if isinstance(reading.body, Price)}
    chip = prices["price/DDR5/spot/16Gb (2Gx8) 4800/5600"]
    assert isinstance(chip.body, Price)
    assert (chip.body.amount, chip.body.unit, chip.occurred_at) == (Decimal("48.9"), Unit.PIECE, datetime(2026, 7, 15, 10, 10, tzinfo=UTC))
    assert Counter(reading.body.item for reading in readings if isinstance(reading.body, Price)) == {"DDR5": 2, "DDR4": 2, "NAND": 3}


def test_electricity_known_by_hand() -> None:
    readings = corpus.parse("energy", "prices/miso__day-ahead-expost-lmp.csv").readings
    prices = {(r.body.region, r.body.conditions): r.body.amount for r in readings if isinstance(r.body, Price)}
    assert prices["INDIANA.HUB", "day ahead, dearest hour"] == Decimal("650.93")
    # 3292.21 in 24 hours
    assert prices["ILLINOIS.HUB", "day ahead, mean of the day"] == Decimal("137.175416667")
    assert {reading.occurred_at for reading in readings} == {datetime(2026, 7, 14, 5, tzinfo=UTC)}
