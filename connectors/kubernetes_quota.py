"""Quotas of a Kubernetes cluster: ResourceQuota by namespace, and how many accelerators its nodes have and its pods ask for.

Accelerators take lists of nodes and pods, page by page: what the nodes can allocate is the limit, what pods that have a node and are
not at their end request is used. The credential is a bearer token with leave to list resourcequotas, nodes and pods.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Context, Decimal
from typing import ClassVar, Literal

import msgspec
from msgspec.structs import replace
from pydantic import BaseModel, Field

from secondsource.contracts.connector import Parsed, ParseError, Request, Response, Spec
from secondsource.contracts.memo import read_memo, write_memo
from secondsource.contracts.pricing import PriceSheet, chosen
from secondsource.contracts.reading import Node, SourceConfig, canonical, document
from secondsource.contracts.usage import quota, quota_reading
from secondsource.domain.text import tidy

_QUANTITY = re.compile(
    r"(?P<number>\+?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20}))(?P<scale>[numkMGTPE]|[KMGTPE]i|[eE][-+]?[0-9]{1,2})?"
)
_SCALES = {scale: Decimal(10) ** power for scale, power in zip("numkMGTPE", (-9, -6, -3, 3, 6, 9, 12, 15, 18), strict=True)}
_SCALES |= {f"{scale}i": Decimal(1024) ** power for power, scale in enumerate("KMGTPE", 1)}
_EXACT = Context(prec=60)
_BYTES = ("memory", "storage")
_OVER = frozenset({"Succeeded", "Failed"})


class Config(SourceConfig):
    """The API server (``https://10.0.0.1:6443``), and what to read of it."""

    namespaces: tuple[str, ...] = Field(default=(), description="Read the quotas of these namespaces only, with * and ?; all if empty.")
    resources: tuple[str, ...] = Field(default=(), description="Read quotas of these resources only: requests.*, pods; all if empty.")
    accelerators: tuple[str, ...] = Field(
        default=("nvidia.com/gpu", "amd.com/gpu", "google.com/tpu", "habana.ai/gaudi"),
        description="Resources of nodes that are counted; if empty, neither nodes nor pods are asked for.",
    )


class _Memo(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which list was asked for, and what was counted so far."""

    list: Literal["", "quotas", "nodes", "pods"] = ""
    limits: Mapping[str, Decimal] = {}
    used: Mapping[str, Decimal] = {}
    waiting: int = 0


_PATHS = {"quotas": "/api/v1/resourcequotas", "nodes": "/api/v1/nodes", "pods": "/api/v1/pods"}


class KubernetesQuota:
    """One reading for each resource of each ResourceQuota, and for each kind of accelerator."""

    spec: ClassVar[Spec] = Spec(
        name="kubernetes_quota",
        summary="ResourceQuotas and accelerators of your own Kubernetes clusters",
        config=Config,
        interval=timedelta(minutes=5),
        kinds=("quota",),
        documentation="https://kubernetes.io/docs/concepts/policy/resource-quotas/",
    )

    def requests(self, config: BaseModel, cursor: str | None) -> Sequence[Request]:
        """The quotas of all namespaces, and the nodes."""
        assert isinstance(config, Config)
        quotas = _request(config, _Memo("quotas"))
        return (quotas, _request(config, _Memo("nodes"))) if config.accelerators else (quotas,)

    def parse(self, response: Response, config: BaseModel) -> Parsed:
        """A page of one of the three lists. The refusal of an API server is a ParseError with its reason."""
        assert isinstance(config, Config)
        root = document(response.body)
        kind = root["kind"].text()
        if kind == "Status":
            raise root.fail(f"Kubernetes answers {tidy(root.text_of('reason') or root.text_of('status') or 'an error', 80)}")
        memo = read_memo(response.memo, _Memo)
        token = root["metadata"].text_of("continue") if root.has("metadata") else None
        items = root["items"].items()
        if kind == "ResourceQuotaList":
            sheet = PriceSheet()
            for item in items:
                _quota(item, config, sheet)
            return sheet.parsed(next_request=_request(config, memo, token) if token else None)
        if kind == "NodeList":
            return _nodes(items, memo, token, config)
        if kind == "PodList":
            return _pods(items, memo, token, config)
        raise root["kind"].fail(f"{tidy(kind, 40)!r} is neither ResourceQuotaList, NodeList nor PodList")

    def recognise(self, response: Response) -> float:
        """By the kind of the list."""
        try:
            root = document(response.body)
            return 0.95 if root.has("items") and root.text_of("kind") in ("ResourceQuotaList", "NodeList", "PodList") else 0.0
        except ParseError:
            return 0.0


def _request(config: Config, memo: _Memo, token: str | None = None) -> Request:
    params = {"limit": "250", **({"continue": token} if token else {})}
    url = config.url.rstrip("/") + _PATHS[memo.list or "quotas"]
    return Request(url, headers={"accept": "application/json"}, params=params, auth=config.auth, memo=write_memo(memo))


def quantity(node: Node) -> Decimal:
    """The number that a quantity of Kubernetes stands for: ``32Gi``, ``500m``, ``1e3``, ``4``."""
    text = str(node.value) if isinstance(node.value, int | Decimal) and not isinstance(node.value, bool) else node.text()
    found = _QUANTITY.fullmatch(text)
    if found is None:
        raise node.fail(f"{tidy(text, 40)!r} is no quantity; something like 32Gi, 500m or 4 was expected")
    scale = found["scale"] or ""
    factor = _SCALES[scale] if scale in _SCALES else Decimal(f"1{scale}")
    return canonical(_EXACT.multiply(Decimal(found["number"]), factor))


def _quota(item: Node, config: Config, sheet: PriceSheet) -> None:
    """Without ``status`` the controller has not counted yet; then what is used is not known."""
    namespace, name = (tidy(item["metadata"][key].text(), 120) for key in ("namespace", "name"))
    if not chosen(namespace, config.namespaces):
        sheet.leave_out("quotas of other namespaces")
        return
    status = item.get("status")
    hard = (status.get("hard") if status else None) or item["spec"].get("hard")
    used = status.get("used") if status else None
    for resource, limit in hard.entries() if hard else ():
        if not chosen(resource, config.resources):
            sheet.leave_out("resources that are not asked for")
        elif used is None or not used.has(resource):
            sheet.leave_out("resources whose use is not counted yet")
        else:
            unit = "bytes" if resource.endswith(_BYTES) else "cores" if resource.endswith("cpu") else ""
            body = quota(resource, quantity(used[resource]), quantity(limit), unit=unit, product=namespace)
            sheet.add(quota_reading(body, namespace, name, resource).subject, body)


def _nodes(items: Sequence[Node], memo: _Memo, token: str | None, config: Config) -> Parsed:
    """What can be allocated; of a cordoned node nothing can, but what runs there still counts as used, so it is counted."""
    limits = dict(memo.limits)
    for item in items:
        allocatable = item["status"].get("allocatable") or item["status"]["capacity"]
        for resource, amount in allocatable.entries():
            if chosen(resource, config.accelerators):
                limits[resource] = limits.get(resource, Decimal(0)) + quantity(amount)
    after = _Memo("nodes", limits)
    if token:
        return Parsed((), next_request=_request(config, after, token))
    if not limits:
        return Parsed((), notes=("no node has an accelerator of those that are counted",))
    return Parsed((), next_request=_request(config, replace(after, list="pods")))


def _pods(items: Sequence[Node], memo: _Memo, token: str | None, config: Config) -> Parsed:
    used, waiting = dict(memo.used), memo.waiting
    for item in items:
        asked = _requested(item["spec"], config)
        if not any(asked.values()) or item["status"].text_of("phase") in _OVER:
            continue
        if not item["spec"].has("nodeName"):
            waiting += 1
            continue
        for resource, amount in asked.items():
            used[resource] = used.get(resource, Decimal(0)) + amount
    after = replace(memo, list="pods", used=used, waiting=waiting)
    if token:
        return Parsed((), next_request=_request(config, after, token))
    sheet = PriceSheet()
    for resource in sorted({*memo.limits, *used}):
        body = quota(resource, used.get(resource, Decimal(0)), memo.limits.get(resource), product="nodes")
        sheet.add(quota_reading(body, "nodes", resource).subject, body)
    if waiting:
        sheet.leave_out("pods that ask for an accelerator and have no node yet", waiting)
    return sheet.parsed()


def _requested(spec: Node, config: Config) -> Mapping[str, Decimal]:
    """What a pod takes: its containers together or its greatest init container, whichever is more."""
    totals: dict[str, Decimal] = {}
    for container in spec.list_of("containers"):
        for resource, amount in _asks(container, config):
            totals[resource] = totals.get(resource, Decimal(0)) + amount
    for container in spec.list_of("initContainers"):
        for resource, amount in _asks(container, config):
            totals[resource] = max(totals.get(resource, Decimal(0)), amount)
    return totals


def _asks(container: Node, config: Config) -> Sequence[tuple[str, Decimal]]:
    resources = container.get("resources")
    requests = (resources.get("requests") or resources.get("limits")) if resources else None
    if requests is None:
        return ()
    return [(resource, quantity(amount)) for resource, amount in requests.entries() if chosen(resource, config.accelerators)]
