"""Makes the pictures of the README: ``make pictures``. The demo runs to a moment of the morning; chromium takes the page, and the
message as Slack was given it.
"""

from __future__ import annotations

import asyncio
import html
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx2

from secondsource.testing.standins.slack import SlackMessage
from services.demo import story
from services.demo.conductor import Stage, stage

HERE = Path(__file__).parent / "images"
MOMENT = story.at("07:50")
STYLE = """
body { margin: 0; padding: 18px 20px; width: 650px; color: #1d1c1d; background: #fff;
  font: 15px/1.46 "Lato", "Noto Sans", "DejaVu Sans", sans-serif }
.row { display: flex; gap: 10px }
.face { width: 36px; height: 36px; border-radius: 6px; background: #1d3557; color: #fff; font-weight: 700; line-height: 36px;
  text-align: center; flex: none }
.who { font-weight: 900 }
.app { font-size: 10px; background: #ddd; padding: 1px 3px; border-radius: 2px; margin: 0 6px; vertical-align: 2px }
.at, .context { color: #616061; font-size: 12.5px }
h3 { margin: 4px 0 6px; font-size: 17px; line-height: 1.35 }
p { margin: 4px 0; white-space: pre-line }
.button { display: inline-block; border: 1px solid #bbb; border-radius: 4px; padding: 5px 12px; margin: 6px 8px 0 0; font-weight: 700;
  font-size: 14px }
.primary { background: #007a5a; border-color: #007a5a; color: #fff }
.danger { color: #e01e5a; border-color: #e01e5a }
"""


def drawn(message: SlackMessage) -> str:
    """The blocks of a message as Slack lays them out."""
    parts = []
    for block in message.blocks:
        match block["type"]:
            case "header":
                parts.append(f"<h3>{_text(block['text'])}</h3>")
            case "section":
                parts.append(f"<p>{_text(block['text'])}</p>")
            case "context":
                parts += [f"<p class=context>{_text(element)}</p>" for element in block["elements"]]
            case "actions":
                parts += [f"<span class='button {b.get('style', '')}'>{_text(b['text'])}</span>" for b in block["elements"]]
    head = f"<span class=who>Second Source</span><span class=app>APP</span><span class=at>{message.at:%H:%M}</span>"
    body = f"<div class=row><div class=face>2</div><div>{head}{''.join(parts)}</div></div>"
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>{body}"


def _text(element: dict[str, str]) -> str:
    return html.escape(html.unescape(element["text"]))


async def play(world: Stage) -> None:
    """To the moment of the pictures."""
    reached = asyncio.Event()
    playing = asyncio.create_task(world.play(lambda now: reached.set() if now >= MOMENT else None))
    waiting = asyncio.create_task(reached.wait())
    await asyncio.wait({playing, waiting}, return_when=asyncio.FIRST_COMPLETED)
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)


async def main() -> int:
    """Write both pictures."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print("The pictures are taken by chromium, which is not here (Debian, Ubuntu: apt-get install chromium).", file=sys.stderr)
        return 2
    HERE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        async with stage(Path(scratch) / "demo", 0, None) as world:
            await play(world)
            await _page(chromium, world, Path(scratch))
            sent = [_as_first_sent(message) for message in world.slack.messages]
            first = next((m for m in sent if "Halcyon" in m.text and ("Acknowledge" in dict(m.buttons()))), None)
            if first is None:
                print("No message about Halcyon AI that can be acknowledged was sent; has the story changed?", file=sys.stderr)
                return 1
            (Path(scratch) / "slack.html").write_text(drawn(first), encoding="utf-8")
            await _shoot(chromium, f"file://{scratch}/slack.html", HERE / "slack.png", "690,360", Path(scratch))
    return 0


def _as_first_sent(message: SlackMessage) -> SlackMessage:
    if not message.edits:
        return message
    first = message.edits[0]
    return SlackMessage(message.channel, message.ts, message.at, first.text, first.blocks, message.metadata)


async def _page(chromium: str, world: Stage, scratch: Path) -> None:
    """The overview as the reader sees it, saved with its style, because a browser would have to sign in."""
    async with httpx2.AsyncClient(base_url=world.url, trust_env=False) as client:
        token = re.search(r'name="token" value="([^"]+)"', (await client.get("/sign-in")).text)
        assert token is not None, "the sign-in form has changed"
        await client.post("/sign-in", data={"key": world.key, "token": token[1]})
        page = await client.get("/")
        page.raise_for_status()
        for asset in set(re.findall(r'(?:href|src)="/static/([^"]+)"', page.text)):
            target = scratch / "static" / asset
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((await client.get(f"/static/{asset}")).content)
    (scratch / "page.html").write_text(page.text.replace('="/static/', '="static/'), encoding="utf-8")
    await _shoot(chromium, f"file://{scratch}/page.html", HERE / "page.png", "1280,900", scratch)


async def _shoot(chromium: str, address: str, target: Path, size: str, scratch: Path) -> None:
    words = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={scratch}/profile"]
    words += [f"--window-size={size}", f"--screenshot={target}", address]
    await asyncio.to_thread(subprocess.run, words, check=True, capture_output=True, timeout=60)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
