"""Prices of AWS: on demand from the price list (offer files, or the query API), and spot from EC2's price history."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import ClassVar, NamedTuple
from urllib.parse import urlsplit
from xml.parsers import expat

import msgspec
from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.pricing import Machine, PriceSheet, chosen, each, machine
from secondsource.contracts.reading import Node, SourceConfig, WebAddress, canonical, document, looks_like_html, moment, spelt_number
from secondsource.domain.money import Unit
from secondsource.domain.observations import Price
from secondsource.domain.text import tidy

_UNITS: Mapping[str, tuple[Unit, Decimal]] = {
    **dict.fromkeys(("hrs", "hours", "hour"), (Unit.HOUR, Decimal(1))),
    **dict.fromkeys(("gb-mo", "gb-month"), (Unit.GB_MONTH, Decimal(1))),
    **dict.fromkeys(("gb-hours", "gb-hour"), (Unit.GB_HOUR, Decimal(1))),
    **dict.fromkeys(("gb", "gigabytes"), (Unit.GB, Decimal(1))),
    **dict.fromkeys(("requests", "request", "api requests", "count", "image", "images"), (Unit.PIECE, Decimal(1))),
    "1k tokens": (Unit.MILLION_TOKENS, Decimal("0.001")),
    "1m tokens": (Unit.MILLION_TOKENS, Decimal(1)),
    "tokens": (Unit.MILLION_TOKENS, Decimal("0.000001")),
}
_PLAIN = {"operatingSystem": "Linux", "tenancy": "Shared", "preInstalledSw": "NA", "marketoption": "OnDemand"}
_DIMENSIONS = {"input tokens": "input", "output tokens": "output"}
_MACHINES = {
    name: Machine(item=item, count=count)
    for item, count, names in (
        ("V100", 1, ("p3.2xlarge",)),
        ("V100", 4, ("p3.8xlarge",)),
        ("V100", 8, ("p3.16xlarge", "p3dn.24xlarge")),
        ("A100", 8, ("p4d.24xlarge", "p4de.24xlarge")),
        ("H100", 1, ("p5.4xlarge",)),
        ("H100", 8, ("p5.48xlarge",)),
        ("H200", 8, ("p5e.48xlarge", "p5en.48xlarge")),
        ("B200", 8, ("p6-b200.48xlarge",)),
        ("B300", 8, ("p6-b300.48xlarge",)),
        ("T4", 1, ("g4dn.xlarge", "g4dn.2xlarge", "g4dn.4xlarge", "g4dn.8xlarge", "g4dn.16xlarge")),
        ("T4", 4, ("g4dn.12xlarge",)),
        ("T4", 8, ("g4dn.metal",)),
        ("A10G", 1, ("g5.xlarge", "g5.2xlarge", "g5.4xlarge", "g5.8xlarge", "g5.16xlarge")),
        ("A10G", 4, ("g5.12xlarge", "g5.24xlarge")),
        ("A10G", 8, ("g5.48xlarge",)),
        ("L4", 1, ("g6.xlarge", "g6.2xlarge", "g6.4xlarge", "g6.8xlarge", "g6.16xlarge")),
        ("L4", 4, ("g6.12xlarge", "g6.24xlarge")),
        ("L4", 8, ("g6.48xlarge",)),
        ("L40S", 1, ("g6e.xlarge", "g6e.2xlarge", "g6e.4xlarge", "g6e.8xlarge", "g6e.16xlarge")),
        ("L40S", 4, ("g6e.12xlarge", "g6e.24xlarge")),
        ("L40S", 8, ("g6e.48xlarge",)),
        ("Trainium", 1, ("trn1.2xlarge",)),
        ("Trainium", 16, ("trn1.32xlarge", "trn1n.32xlarge")),
        ("Trainium2", 16, ("trn2.48xlarge",)),
    )
    for name in names
}


class Config(SourceConfig):
    """What to read; the address decides how AWS is asked:

    - an offer file, public: ``https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonBedrock/current/us-east-1/index.json``.
      That of EC2 has hundreds of megabytes; take the query API for it;
    - the query API: ``https://api.pricing.us-east-1.amazonaws.com/`` (AWS keys, permission pricing:GetProducts);
    - spot prices of a region: ``https://ec2.eu-central-1.amazonaws.com/`` (AWS keys, permission ec2:DescribeSpotPriceHistory).
    """

    url: WebAddress = Field(
        default="https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonBedrock/current/us-east-1/index.json",
        description="The offer file, or the end point of the query API or of EC2.",
    )
    service: str = Field(default="AmazonEC2", description="Query API: the service's code.")
    filters: Mapping[str, str] = Field(
        default={"regionCode": "us-east-1", "capacitystatus": "Used", **_PLAIN},
        description="Query API: attributes that a product must have.",
    )
    instances: tuple[str, ...] = Field(
        default=("p*", "g*", "trn*", "inf*"), description="Instance types to read, with *; what is no instance is always read."
    )
    platforms: tuple[str, ...] = Field(default=("Linux/UNIX",), description="Spot: the product descriptions to read.")
    machines: Mapping[str, Machine] = Field(
        default={}, description="The accelerators in further instance types; a type that is not known is priced by the machine."
    )


class AwsPrices:
    """Instances with known accelerators are priced for one of these and hour; spot prices, by Availability Zone, as of the poll before."""

    spec: ClassVar[Spec] = Spec(
        name="aws_prices",
        summary="AWS on-demand prices from the price list, and EC2 spot prices",
        config=Config,
        interval=timedelta(minutes=15),
        kinds=("price",),
        documentation="https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/price-changes.html",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The file, or the first page of products or of spot prices as they were at ``cursor``, the time of the last answer."""
        assert isinstance(config, Config)
        host = urlsplit(config.url).hostname or ""
        if host.startswith("ec2."):
            return (_spot_page(config, cursor or "", ""),)
        if host.startswith("api.pricing."):
            return (_product_page(config, ""),)
        return (Request(config.url, headers={"accept": "application/json"}, auth=config.auth),)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """The prices in an offer file, a page of products, or a page of spot prices. A page on which nothing fits is a ParseError."""
        assert isinstance(config, Config)
        sheet = PriceSheet()
        if _is_xml(response.body):
            return _spot(*_xml_rows(response.body), response, config, sheet)
        root = document(response.body)
        if root.has("SpotPriceHistory"):
            return _spot(*_json_rows(root), response, config, sheet)
        if (kind := root.text_of("__type")) is not None:
            raise root["__type"].fail(f"AWS answers {tidy(kind, 80)}: {tidy(root.text_of('message') or 'no reason given', 200)}")
        token = None
        if root.has("PriceList"):
            token = root.text_of("NextToken")
            offers: Iterable[tuple[Node, Node | None]] = _listed(root["PriceList"])
        else:
            offers = _offered(root)
        read = 0
        for product, terms in offers:
            read += 1
            _product(product, terms, config, sheet)
        if not read and not response.memo:
            raise root.fail("there is no product; correct `service` and `filters`, or the address")
        return sheet.parsed(next_request=_product_page(config, token) if token else None)

    def recognise(self, response: Response) -> float:
        """By the marks of the three forms."""
        body = response.body
        if _is_xml(body):
            return 0.9 if b"<spotPriceHistorySet" in body[:4000] else 0.0
        if not any(mark in body[:4000] for mark in (b'"offerCode"', b'"PriceList"', b'"SpotPriceHistory"')):
            return 0.0
        try:
            root = document(body)
            return 0.95 if root.has("SpotPriceHistory") or root.has("PriceList") or root.has("products") else 0.0
        except ParseError:
            return 0.0


def _product_page(config: Config, token: str) -> Request:
    wanted = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in sorted(config.filters.items())]
    body = {"ServiceCode": config.service, "Filters": wanted, "FormatVersion": "aws_v1", "MaxResults": 100}
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "AWSPriceListService.GetProducts"}
    more = {"NextToken": token} if token else {}
    return Request(config.url, method="POST", headers=headers, body=msgspec.json.encode({**body, **more}), auth=config.auth, memo=token)


def _offered(root: Node) -> Iterator[tuple[Node, Node | None]]:
    """The products of an offer file with their on-demand terms."""
    terms = root["terms"].get("OnDemand")
    for sku, product in root["products"].entries():
        yield product, terms.get(sku) if terms else None


def _listed(price_list: Node) -> Iterator[tuple[Node, Node | None]]:
    """The products of a page, each of which is a text with JSON in it."""
    for entry in price_list.items():
        try:
            inner = document(entry.text().encode()) if isinstance(entry.value, str) else entry
        except (ParseError, UnicodeEncodeError) as error:
            raise entry.fail(f"not JSON: {tidy(str(error), 100)}") from None
        offer = Node(inner.value, entry.where)
        yield offer["product"], offer["terms"].get("OnDemand") if offer.has("terms") else None


def _product(product: Node, terms: Node | None, config: Config, sheet: PriceSheet) -> None:
    attributes = product["attributes"]
    told = {name: tidy(value.value, 80) for name, value in attributes.entries() if isinstance(value.value, str)}
    kind = told.get("instanceType", "")
    if kind and not chosen(kind, config.instances):
        sheet.leave_out("instance types that are not asked for")
    elif told.get("capacitystatus", "Used") != "Used":
        sheet.leave_out("capacity that is reserved already")
    elif terms is None:
        sheet.leave_out("products without an on-demand price")
    else:
        for _, term in terms.entries():
            for _, price in term["priceDimensions"].entries():
                _on_demand(told, price, term, config, sheet)


def _on_demand(told: Mapping[str, str], price: Node, term: Node, config: Config, sheet: PriceSheet) -> None:
    counted = tidy(price["unit"].text(), 40)
    unit, count = _UNITS.get(counted.lower(), (None, Decimal(1)))
    if unit is None:
        sheet.leave_out(f"prices by {counted}")
        return
    kind, way = told.get("instanceType", ""), told.get("inferenceType", "").lower()
    since = moment(term.text_of("effectiveDate") or "")
    begin = price.text_of("beginRange")
    tier = f"from {begin}" if begin and spelt_number(begin, f"{price.where}.beginRange") else ""
    for currency, node in price["pricePerUnit"].entries():
        value = node.spelt_number()
        if not re.fullmatch("[A-Z]{3}", currency) or value < 0:
            raise node.fail("a price in a currency such as USD was expected")
        if kind and not value:
            sheet.leave_out("instances at no price (their host is paid for)")
            continue
        fits = machine(kind, config.machines, _MACHINES) if unit is Unit.HOUR else None
        if kind:
            parts = [kind if fits else "", *(told[name] for name, plain in _PLAIN.items() if told.get(name, plain) != plain)]
        else:
            parts = [told.get("operation", ""), "" if way in _DIMENSIONS else told.get("inferenceType", "")]
        body = Price(
            fits.item if fits else kind or told.get("model") or told.get("usagetype") or "unnamed",
            each(value, count * fits.count if fits else count),
            Unit.ACCELERATOR_HOUR if fits else unit,
            currency=currency,
            dimension=_DIMENSIONS.get(way, "on_demand"),
            region=told.get("regionCode") or told.get("location") or None,
            conditions=", ".join(filter(None, (*parts, tier))),
            original=f"{value:f} {currency} per {counted}",
        )
        sheet.price(body, since=since)


class _Row(NamedTuple):
    """A spot price, and its place in the answer."""

    kind: str
    platform: str
    zone: str
    price: str
    at: str
    where: str


_FURTHER = " further page"
_FIELDS = ("instanceType", "productDescription", "availabilityZone", "spotPrice", "timestamp")


def _spot_page(config: Config, at: str, token: str) -> Request:
    """Spot prices as they were at the instant ``at``; without it, those of the last 90 days."""
    params = {"Action": "DescribeSpotPriceHistory", "Version": "2016-11-15"}
    if config.instances:
        params |= {"Filter.1.Name": "instance-type"}
        params |= {f"Filter.1.Value.{number}": pattern for number, pattern in enumerate(config.instances, 1)}
    params |= {f"ProductDescription.{number}": platform for number, platform in enumerate(config.platforms, 1)}
    params |= {"StartTime": at, "EndTime": at} if at else {}
    params |= {"NextToken": token} if token else {}
    return Request(config.url, params=params, auth=config.auth, memo=f"{at}{_FURTHER}" if token else at)


def _json_rows(root: Node) -> tuple[list[_Row], str | None]:
    rows = []
    for entry in root["SpotPriceHistory"].items():
        values = [entry[field[0].upper() + field[1:]].text() for field in _FIELDS]
        rows.append(_Row._make([*values, entry.where]))
    return rows, root.text_of("NextToken")


def _is_xml(body: bytes) -> bool:
    return body.lstrip()[:1] == b"<" and not looks_like_html(body)


def _xml_rows(body: bytes) -> tuple[list[_Row], str | None]:
    """The items of EC2's answer and its token. A document type is refused, and with it entities of the document's own."""
    reader = expat.ParserCreate(namespace_separator=" ")
    path: list[str] = []
    items: list[dict[str, str]] = []
    texts: dict[str, str] = {}

    def start(name: str, _: object) -> None:
        path.append(name.rpartition(" ")[2])
        if path[1:] == ["spotPriceHistorySet", "item"]:
            items.append({})

    def end(_: str) -> None:
        path.pop()

    def text(data: str) -> None:
        into = items[-1] if path[1:3] == ["spotPriceHistorySet", "item"] and len(path) == 4 else texts
        into[path[-1]] = into.get(path[-1], "") + data

    def refuse(*_: object) -> None:
        raise ParseError(f"line {reader.CurrentLineNumber}", "the document declares a document type; this is refused")

    reader.StartElementHandler, reader.EndElementHandler, reader.CharacterDataHandler = start, end, text
    reader.StartDoctypeDeclHandler = refuse
    try:
        reader.Parse(body, True)
    except expat.ExpatError as error:
        raise ParseError(f"line {error.lineno}", f"the XML is cut off or malformed here ({expat.ErrorString(error.code)})") from None
    if b"spotPriceHistorySet" not in body:
        told = " ".join(tidy(texts[key], 200) for key in ("Code", "Message") if texts.get(key, "").strip())
        raise ParseError("the document", f"no spot price history{f'; AWS answers {told}' if told else ''}")
    rows = []
    for number, item in enumerate(items):
        where = f"item[{number}]"
        missing = [field for field in _FIELDS if not item.get(field, "").strip()]
        if missing:
            raise ParseError(f"{where}.{missing[0]}", "missing")
        rows.append(_Row._make([*(item[field].strip() for field in _FIELDS), where]))
    return rows, texts.get("nextToken", "").strip() or None


def _spot(rows: Sequence[_Row], token: str | None, response: Response, config: Config, sheet: PriceSheet) -> Parsed:
    start = response.memo.removesuffix(_FURTHER)
    if not rows and start == response.memo:
        raise ParseError("the spot price history", "it is empty; correct `instances` and `platforms`, or the region in the address")
    answered = _answered_at(response)
    if token and not start and answered:
        # the history is longer than a page, in no certain order: what holds now is asked for instead
        return Parsed((), cursor=answered, next_request=_spot_page(config, answered, ""))
    latest: dict[tuple[str, str, str], tuple[datetime, Decimal]] = {}
    for row in rows:
        if not chosen(row.kind, config.instances) or (config.platforms and row.platform not in config.platforms):
            sheet.leave_out("spot prices that are not asked for")
            continue
        at, price = moment(row.at), spelt_number(row.price, f"{row.where}.spotPrice")
        if at is None or price <= 0:
            raise ParseError(row.where, "a time and a price above 0 were expected")
        key = tidy(row.kind, 80), tidy(row.platform, 80), tidy(row.zone, 60)
        latest[key] = max(latest.get(key, (at, price)), (at, price))
    for (kind, platform, zone), (at, price) in latest.items():
        fits = machine(kind, config.machines, _MACHINES)
        parts = (kind if fits else "", platform if platform != "Linux/UNIX" else "")
        body = Price(
            fits.item if fits else kind,
            each(price, fits.count) if fits else canonical(price),
            Unit.ACCELERATOR_HOUR if fits else Unit.HOUR,
            dimension="spot",
            region=zone,
            conditions=", ".join(filter(None, parts)),
            original=f"{price:f} USD per hour",
        )
        sheet.price(body, since=at)
    further = _spot_page(config, start, token) if token and start else None
    if answered is None:
        sheet.note("the answer does not say when it was given, so the next poll can not ask for what holds then")
    return sheet.parsed(complete=not token or further is not None, cursor=answered or "", next_request=further)


def _answered_at(response: Response) -> str | None:
    """When AWS answered, by its own clock: it is what the next poll asks about."""
    try:
        return parsedate_to_datetime(response.headers["date"]).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (KeyError, ValueError, OverflowError):
        return None
