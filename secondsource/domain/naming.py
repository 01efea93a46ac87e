"""Which companies, products and places of the catalog a news text names.

Many companies are called by a common word (Arm, Lambda, Switch). Such a name counts where it is written as a name, and the text
speaks of what the company does, or of a company: context words by kind, an exchange, a "Holdings" behind it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from secondsource.domain.items import MEMORY
from secondsource.domain.scope import Scope
from secondsource.domain.vendors import Vendor, VendorGraph

# Company names, as folded here, that are words of English, of science or of another trade; short ones that are many things.
_COMMON = frozenset(
    re.findall(
        r"\S+",
        """
        alphabet apc arm aruba ase atlas block bunny cadence chroma claude clerk cohere coherent confluent constellation cray credo
        crusoe cursor disco discord dlr do duo eaton elastic fal fireworks flux fly foundry galaxy gf grok hcp heatmap honeycomb
        hoya juniper kimi kla lambda lightning linde linear luma mentor meta mistral mithril modal mollie moonshot neon nexus oci
        paddle perplexity pinecone plaid polaris quanta railway render replicate resend runway screen seh sentry slack snowflake
        spil square stripe switch tel temporal together tok tva vast wd windsurf zoom
        """,
    )
)
_ELSE = {
    "arm": re.compile(r"\b(?:robot(?:ic)?|upper|long|left|right|swing|control) arm\b", re.IGNORECASE),
    "galaxy": re.compile(r"samsung galaxy|\bgalaxy (?:[szam]\d|tab|watch|buds|fold|ring)", re.IGNORECASE),
    "lambda": re.compile(r"\b(?:aws|amazon) lambda\b|\blambda functions?\b", re.IGNORECASE),
    "micron": re.compile(r"\bmicron-\w|\d[ -]?microns?\b|\bsub-?micron\b", re.IGNORECASE),
    "square": re.compile(r"\bsquare (?:enix|feet|foot|miles?|met(?:er|re)s?)\b", re.IGNORECASE),
    "switch": re.compile(r"\bnintendo switch\b|\bswitch 2\b|\bswitch (?:to|from|off|on)\b", re.IGNORECASE),
    "zoom": re.compile(r"\b(?:optical|digital) zoom\b|\bzoom (?:in|out|lens)\b", re.IGNORECASE),
}
"""Where a name is surely another thing."""

_COMPANY = r"\((?:NASDAQ|NYSE|TSE|TWSE|KRX|LSE)\b|\bIPO\b|\bC[EF]O\b|\bearnings\b|\bvaluation\b|\boutage\b"
_BEHIND = re.compile(
    r"(?:['’]s)? (?:Inc|Corp|Corporation|Ltd|plc|AG|NV|SE|Holdings|Labs|AI|Cloud|Technology|Technologies|Systems|Networks|Energy|CEO|CFO|"
    r"[Ss]hares|[Ss]tock)\b|\.(?:ai|com|io)\b"
)
_CHIPS = (
    r"\bchips?\b|\bsemiconductors?\b|\bprocessors?\b|\b[CGNT]PUs?\b|\bSoCs?\b|\bwafers?\b|\bfabs?\b|\bfoundr(?:y|ies)\b|\bDRAM\b|\bHBM|"
    r"\bNAND\b|\bmemory\b|\bhelium\b|\bneon\b|半導体|チップ|芯片|반도체"
)
_COMPUTE = (
    r"\bclouds?\b|\bGPUs?\b|\bdata cent(?:er|re)s?\b|\bneoclouds?\b|\bhyperscalers?\b|\bAI (?:models?|labs?|compan(?:y|ies)|start-?ups?)\b|"
    r"\bLLMs?\b|\binference\b|\bchatbots?\b|\bsuperclusters?\b"
)
_SOFTWARE = r"\bclouds?\b|\bsoftware\b|\bSaaS\b|\bdevelopers?\b|\bdatabases?\b|\bstart-?ups?\b|\bapps?\b|\bAPIs?\b|\bmessaging\b"
_PAYMENT = r"\bpayments?\b|\bfintechs?\b|\bmerchants?\b|\bcheckout\b"
_POWER = (
    r"\butilit(?:y|ies)\b|\bpower\b|\bgrid\b|\bnuclear\b|\belectricity\b|\bmegawatts?\b|\bgigawatts?\b|\b[MG]W\b|"
    r"\bdata cent(?:er|re)s?\b"
)
_HARDWARE = rf"{_CHIPS}|\bservers?\b|\bnetworking\b|\boptical\b|\bphotonics?\b|\bdata cent(?:er|re)s?\b"
_CONTEXT = {
    **dict.fromkeys(("chip_maker", "chip_design", "foundry", "memory", "packaging", "equipment", "materials"), _CHIPS),
    **dict.fromkeys(("storage", "server_maker", "network"), _HARDWARE),
    **dict.fromkeys(("model_api", "cloud", "gpu_cloud", "colocation"), _COMPUTE),
    "other": rf"{_COMPUTE}|{_SOFTWARE}",
    "payments": _PAYMENT,
    "energy": _POWER,
}
_TELLERS = frozenset({"press", "price_list", "public_body", "status_platform"})
"""Who only reports: a story that quotes them is not about them."""
_GOODS = frozenset({"chip_maker", "chip_design", "foundry", "memory", "packaging", "equipment", "materials", "storage"})
_AT_A_PLACE = frozenset({"disaster", "fab_incident"})
_TELLING = re.compile(r"[a-z][A-Z]|\d")


class _Name(msgspec.Struct, frozen=True):
    """One spelling of a vendor's name. ``context`` is what a text must hold besides, or None."""

    vendor: str
    spelling: str
    context: re.Pattern[str] | None

    def fits(self, text: str, found: re.Match[str]) -> bool:
        """Whether ``found`` in ``text`` is the name."""
        written, spelling = found.group(), self.spelling
        if " " not in spelling and written not in (spelling, spelling.upper()) and (len(spelling) < 5 or written != spelling.capitalize()):
            return False
        other = _ELSE.get(spelling.casefold())
        if other is not None and any(it.start() < found.end() and found.start() < it.end() for it in other.finditer(text)):
            return False
        if self.context is None:
            return True
        return not text.startswith("-", found.end()) and bool(_BEHIND.match(text, found.end()) or self.context.search(text))


def _names(vendor: Vendor) -> Iterator[_Name]:
    if vendor.kinds and set(vendor.kinds) <= _TELLERS:
        return
    patterns = {_CONTEXT.get(kind, _SOFTWARE) for kind in vendor.kinds or ("saas",)}
    context = re.compile("|".join((*sorted(patterns), _COMPANY)), re.IGNORECASE)
    for spelling in dict.fromkeys((vendor.name, *vendor.aliases)):
        if len(spelling) > 1:
            yield _Name(vendor.id, spelling, context if spelling.casefold() in _COMMON else None)


def _finder(words: Iterable[str]) -> re.Pattern[str]:
    """Finds any of ``words``, the longest first; branches by first letter, for there are hundreds of words."""
    groups: dict[str, list[str]] = {}
    for word in sorted(set(words), key=lambda word: (-len(word), word)):
        groups.setdefault(word[0].casefold(), []).append(re.escape(word[1:]).replace(r"\ ", r"\s+"))
    branches = "|".join(f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in sorted(groups.items()))
    return re.compile(rf"(?<![A-Za-z0-9])(?:{branches or '(?!)'})(?![A-Za-z0-9])", re.IGNORECASE)


class Naming:
    """Finds what the vendors of a graph are called by. Built once per graph: :func:`naming`."""

    def __init__(self, graph: VendorGraph) -> None:
        self._graph = graph
        self._names: dict[str, list[_Name]] = {}
        self._places: dict[str, list[str]] = {}
        for vendor in graph.vendors.values():
            for name in _names(vendor):
                self._names.setdefault(name.spelling.casefold(), []).append(name)
            for region in vendor.regions:
                for word in filter(None, (region.name, *region.aliases)):
                    self._places.setdefault(word.casefold(), []).append(str(Scope(vendor.id, region=region.id)))
        self._name, self._place = _finder(self._names), _finder(self._places)
        self._entities = lru_cache(maxsize=4096)(self._found)  # a feed brings the same stories again and again

    def vendors(self, text: str) -> set[str]:
        """Ids of the vendors that ``text`` names."""
        return {
            name.vendor
            for found in self._name.finditer(text)
            for name in self._names.get(" ".join(found.group().casefold().split()), ())
            if name.fits(text, found)
        }

    def entities(self, text: str, labels: tuple[str, ...]) -> frozenset[str]:
        """Ids of vendors, and of their goods and places as ``vendor/part``.

        Goods and places count beside the name of their vendor; places, too, where the ``labels`` tell that something happened there.
        """
        return self._entities(text, not _AT_A_PLACE.isdisjoint(labels))

    def _found(self, text: str, happened: bool) -> frozenset[str]:
        plain = unicodedata.normalize("NFKC", text)
        named = self.vendors(plain)
        found = set(named)
        for vendor in named:
            for scope in self._graph.scopes(vendor, (plain,)):
                if scope.region is not None:
                    found.add(str(Scope(vendor, region=scope.region)))
                if scope.product is not None and self._tells(vendor, scope.product, plain):
                    found.add(str(Scope(vendor, scope.product)))
        if happened:
            for place in self._place.finditer(plain):
                if place.group()[0].isupper() or not place.group()[0].isascii():
                    found.update(self._places.get(" ".join(place.group().casefold().split()), ()))
        return frozenset(found)

    def _tells(self, vendor: str, product: str, text: str) -> bool:
        """Whether a product that was found says more than the vendor and its goods do. Services are called Pages or Access.

        Kinds of memory are goods by themselves, whoever makes them.
        """
        if product in MEMORY:
            return False
        known = self._graph.vendors[vendor]
        if not _GOODS.isdisjoint(known.kinds):
            return True
        words = next((part.name, *part.aliases) for part in known.products if part.id == product)
        return any(_TELLING.search(word) and word in text for word in words)


@lru_cache(maxsize=4)
def naming(graph: VendorGraph) -> Naming:
    """The names of ``graph``."""
    return Naming(graph)
