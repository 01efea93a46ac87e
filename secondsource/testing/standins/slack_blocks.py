"""What Slack checks of blocks before it takes a message, and how it reads their text. From the Block Kit reference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

MAX_BLOCKS = 50
MAX_ALL_TEXT = 13_000  # seen, not documented: beyond it Slack answers msg_blocks_too_long
_TYPES = {"header", "section", "context", "actions", "divider"}
_CONTROL = re.compile(r"<([^<>]*)>")
_ADDRESS = re.compile(r"(?i)[a-z][a-z0-9+.\-]{0,20}://\S+|\bwww\.\S+|\b(?:mailto|tel):\S+")
_BARE = re.compile(r"@(?:here|channel|everyone)\b|@[A-Za-z0-9._-]+")


def units(text: str) -> int:
    """The length that the limits count, in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def problems(blocks: object) -> list[str]:
    """What is wrong with ``blocks``, each with a pointer to its place; empty where Slack takes them."""
    if not isinstance(blocks, list):
        return ["must be an array [json-pointer:/blocks]"]
    found = [f"no more than {MAX_BLOCKS} items allowed [json-pointer:/blocks]"] if len(blocks) > MAX_BLOCKS else []
    for number, block in enumerate(blocks):
        found += [f"{what} [json-pointer:/blocks/{number}{where}]" for where, what in _block(block)]
    actions = [element.get("action_id") for element in _elements(blocks)]
    named = [action for action in actions if action]
    if len(set(named)) != len(named):
        found.append("`action_id` must be unique [json-pointer:/blocks]")
    return found


def _block(block: object) -> Iterator[tuple[str, str]]:
    if not isinstance(block, dict) or block.get("type") not in _TYPES:
        yield "/type", "unsupported type"
        return
    extra = set(block) - {"type", "block_id", "text", "fields", "accessory", "elements", "expand"}
    if extra:
        yield "", f"invalid additional property: {sorted(extra)[0]}"
    kind = block["type"]
    if kind == "header":
        yield from _text(block.get("text"), "/text", 150, plain=True)
    elif kind == "section":
        yield from _text(block.get("text"), "/text", 3000)
    elif kind in ("context", "actions"):
        elements = block.get("elements")
        most = 10 if kind == "context" else 25
        if not isinstance(elements, list) or not 1 <= len(elements) <= most:
            yield "/elements", f"must have 1 to {most} items"
            return
        for number, element in enumerate(elements):
            if kind == "context":
                yield from _text(element, f"/elements/{number}", 3000)
            else:
                yield from _button(element, f"/elements/{number}")


def _button(element: object, where: str) -> Iterator[tuple[str, str]]:
    if not isinstance(element, dict) or element.get("type") != "button":
        yield where, "unsupported element"
        return
    yield from _text(element.get("text"), f"{where}/text", 75, plain=True)
    for name, most in (("url", 3000), ("action_id", 255), ("value", 2000)):
        if name in element and not (isinstance(element[name], str) and 1 <= units(element[name]) <= most):
            yield f"{where}/{name}", f"must be between 1 and {most} characters"
    if "url" in element and not re.match(r"(?i)[a-z][a-z0-9+.\-]*:\S+$", str(element["url"])):
        yield f"{where}/url", "must be a valid URL"
    if element.get("style", "primary") not in ("primary", "danger"):
        yield f"{where}/style", "must be primary or danger"


def _text(text: object, where: str, most: int, plain: bool = False) -> Iterator[tuple[str, str]]:
    allowed = ("plain_text",) if plain else ("plain_text", "mrkdwn")
    if not isinstance(text, dict) or text.get("type") not in allowed or not isinstance(text.get("text"), str):
        yield where, f"must be a text object of type {' or '.join(allowed)}"
    elif not 1 <= units(text["text"]) <= most:
        yield f"{where}/text", f"must be more than 0 and less than {most + 1} characters"


def _elements(blocks: list[Any]) -> Iterator[dict[str, Any]]:
    for block in blocks:
        if isinstance(block, dict):
            yield from (element for element in block.get("elements") or () if isinstance(element, dict))


def texts(blocks: list[Any]) -> list[str]:
    """What stands in blocks that Slack took, as sent, in reading order; buttons' labels are left out."""
    found = []
    for block in blocks:
        if "text" in block:
            found.append(str(block["text"]["text"]))
        found += [str(element["text"]) for element in block.get("elements", ()) if element["type"] != "button"]
    return found


def buttons(blocks: list[Any]) -> list[tuple[str, str]]:
    """Label and address of each button."""
    return [(str(e["text"]["text"]), str(e.get("url", ""))) for e in _elements(blocks) if e["type"] == "button"]


def shown(text: str) -> str:
    """What a reader sees of ``text``: the three entities decoded."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def live(text: str) -> list[str]:
    """What of ``text`` would do something under the most obliging reading of any client: mentions, links, addresses, date
    and emoji macros. Slack is stricter than this; a text that yields nothing here yields nothing there."""
    return _CONTROL.findall(text) + _ADDRESS.findall(text) + _BARE.findall(text)
