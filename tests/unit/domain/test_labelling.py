"""Labels of news: headlines of every kind, what only looks like one, what says the opposite, and writing without spaces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondsource.domain.labelling import Entities, Labeller
from secondsource.domain.newswords import LOOKALIKES, TERMS

ENGLISH = Labeller()
JAPANESE = Labeller(
    {
        "shortage": ("品薄", "不足", "足りない"),
        "acquisition": ("買収",),
        "fab_incident": ("生産…停止",),
        "disaster": ("地震",),
        "price": ("値上げ",),
    },
    ("解消", "緩和", "懸念なし"),
)
GERMAN = Labeller({"shortage": ("+engpass+", "+engpässe+", "knapp+"), "price": ("preis+ … steig+",)}, ("kein+", "entspann+", "beigelegt"))
CHINESE = Labeller({"shortage": ("缺货", "短缺"), "export_control": ("出口管制",)}, ("缓解", "没有"))
KOREAN = Labeller({"shortage": ("공급 부족", "품귀"), "labour": ("파업",)}, ("해소", "철회"))


def names(labeller: Labeller, title: str) -> str:
    return " ".join(label.name for label in labeller.labels(title, ""))


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("HBM shortage will not ease before 2027, makers warn", "shortage"),
        ("HBM shortage unlikely to end this year", "shortage"),
        ("No sign of easing in DRAM shortage", "shortage"),
        ("DRAM shortage is far from over", "shortage"),
        ("No relief in HBM shortage", "shortage"),
        ("No chips left as shortage bites", "shortage"),
        ("Demand eases as shortage of parts stops assembly", "shortage"),
        ("No evidence of a shortage, maker says", ""),
        ("Year-end shortage of GPUs looms", "shortage"),
        ("By the end of the year a shortage of substrates is likely", "shortage"),
        ("Record sales despite chip shortage", "shortage"),
        ("Supplier declares force majeure on neon", "shortage"),
        ("Foundry can't meet demand for 3nm", "shortage"),
        ("Shortage lifts contract prices", "shortage price"),
        ("Chip shortage over the next two years", "shortage"),
        ("Is the GPU shortage over?", ""),
        ("GPU shortage may be over by summer", ""),
        ("Maker says there isn’t a shortage of wafers", ""),
        ("Deal to end shortage of gallium", ""),
        ("Labor shortage slows new fab in Arizona", ""),
        ("Foundry denies shortage of CoWoS capacity", ""),
        ("Memory maker suspends new orders from module houses", "allocation"),
        ("Distributor puts passive parts on allocation", "allocation"),
        ("Memory allocation in C: a primer", ""),
        ("DRAM prices doubled within a quarter", "price"),
        ("Rise in DRAM prices eases as price increases slow", "price"),
        ("Chip maker rules out price increases", ""),
        ("Chip maker's share price jumps", ""),
        ("Beijing tightens export permits for gallium", "export_control"),
        ("Toolmaker added to Entity List", "export_control"),
        ("US lifts export ban on H20", ""),
        ("Tariff cut makes imports cheaper", ""),
        ("Utility asks for higher electricity tariffs", ""),
        ("Magnitude 6.4 quake shakes science park", "disaster"),
        ("Winter storm shuts plants in Texas", "disaster"),
        ("Salt Typhoon breached carriers, agency says", ""),
        ("Cheap panels flooded the market", ""),
        ("Explosion at a chemicals plant", "fab_incident"),
        ("Fire at a cloud provider's data centre", "fab_incident"),
        ("Power outage at a flash fab spoils wafers", "fab_incident"),
        ("Contamination control for cleanrooms", ""),
        ("GPU cloud seeks creditor protection", "insolvency"),
        ("Wafer start-up goes into administration", "insolvency"),
        ("Designer of analog chips to buy rival for $7.5 billion", "acquisition"),
        ("Data acquisition card with 16 channels", ""),
        ("A guide to customer acquisition", ""),
        ("Union at memory maker votes: workers to strike", "labour"),
        ("Union ends strike at memory maker", ""),
        ("Strike at plant called off", ""),
        ("Drone strike at refinery", ""),
        ("Data centres strain the grid", "energy"),
        ("Coal revival is raising energy costs", "energy"),
        ("Grid operator averts blackouts", ""),
        ("Quarterly results beat forecasts", ""),
        ("A new oscilloscope for the bench", ""),
    ],
)
def test_headlines(title: str, expected: str) -> None:
    assert names(ENGLISH, title) == expected


@pytest.mark.parametrize(
    ("labeller", "title", "expected"),
    [
        (JAPANESE, "ＤＲＡＭの品薄が続く", "shortage"),
        (JAPANESE, "先端パッケージの供給不足は緩和へ", ""),
        (JAPANESE, "供給不足が深刻。価格の緩和は見えず", "shortage"),
        (JAPANESE, "米社が日本の材料会社を買収へ", "acquisition"),
        (JAPANESE, "地震で工場の生産が一時停止", "disaster fab_incident"),
        (JAPANESE, "新しいオシロスコープを発売", ""),
        (GERMAN, "Speicherengpässe treffen Autobauer", "shortage"),
        (GERMAN, "Kein Engpass bei Leistungshalbleitern", ""),
        (GERMAN, "Chipknappheit hält an", ""),
        (GERMAN, "Wafer werden knapp", "shortage"),
        (GERMAN, "Preise für Flash-Speicher steigen", "price"),
        (CHINESE, "存储芯片短缺加剧，出口管制升级", "shortage export_control"),
        (CHINESE, "芯片短缺缓解", ""),
        (KOREAN, "메모리 공급 부족이 이어진다", "shortage"),
        (KOREAN, "노조 파업 철회", ""),
        (KOREAN, "반도체 노조 파업에 돌입", "labour"),
        # what is built in goes on working beside
        (JAPANESE, "HBM shortage deepens", "shortage"),
    ],
)
def test_other_languages_by_declared_words(labeller: Labeller, title: str, expected: str) -> None:
    assert names(labeller, title) == expected


def test_words_that_cause_a_label_are_told_as_they_stand_in_the_text() -> None:
    (label,) = JAPANESE.labels("ＤＲＡＭ　品薄", "なお不足。")
    assert (label.name, label.words, label.weight) == ("shortage", ("品薄", "不足"), 1.0)
    (label,) = GERMAN.labels("Speicherengpass", "")
    assert label.words == ("speicherengpass",)


def test_a_source_that_counts_for_less_lessens_the_weight() -> None:
    assert [label.weight for label in ENGLISH.labels("HBM shortage", "Makers raise prices", weight=0.5)] == [0.5, 0.3]


def test_every_lookalike_holds_the_words_of_its_label() -> None:
    for name, phrases in LOOKALIKES.items():
        plain = Labeller()
        plain._lookalikes.clear()
        for phrase in phrases:
            text = phrase.replace("+", "").replace("…", "new")
            told = (text, f"{text} jump", f"{text} at plant")
            assert any(label.name == name for said in told for label in plain.labels(said, "")), f"{name}: {phrase!r} is no exception"
            assert not any(label.name == name for label in ENGLISH.labels(text, "")), phrase


def test_every_term_causes_its_label() -> None:
    for name, terms in TERMS.items():
        for term in terms:
            text = term.replace("+", "").replace("…", "some")
            assert any(label.name == name for label in ENGLISH.labels(text, "")), f"{name}: {term!r}"


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_can_be_labelled(title: str, summary: str) -> None:
    for label in JAPANESE.labels(title, summary):
        assert label.words
        assert 0 < label.weight <= 1
    Entities({}).find(title)


def test_letters_that_only_match_in_another_case_do_no_harm() -> None:
    assert Entities({}).find("H\u0130GH-BANDWIDTH memory, \u017f\u017fd") in ((), ("hbm",), ("nand",))


def test_a_gas_is_not_the_vendor_of_its_name() -> None:
    assert Entities({}).find("Neon gas and helium run short; Neon, a database, does not") == ("helium", "neon-gas")
