// What script adds to a page that works without: the reader's own zone, the keys, and a page that keeps itself up to date.
"use strict";

const EVERY = 5000;

function local(root) {
  const shapes = {
    clock: { hour: "2-digit", minute: "2-digit" },
    day: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
  };
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    time.textContent = new Intl.DateTimeFormat(undefined, { ...shapes[time.dataset.form], hourCycle: "h23" }).format(at);
  }
  const zone = document.querySelector("[data-zone]");
  if (zone) zone.textContent = `Times are in ${Intl.DateTimeFormat().resolvedOptions().timeZone}; hover for UTC.`;
}

function busy(main) {
  const at = document.activeElement;
  if (at && main.contains(at) && /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName)) return true;
  return [...main.querySelectorAll("textarea, input[type=text], input[type=search]")].some((field) => field.value !== field.defaultValue);
}

let known = null;

async function refresh() {
  const main = document.querySelector("main[data-live]");
  if (!main || document.hidden || busy(main)) return;
  const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-cache" });
  if (answer.redirected) {
    if (new URL(answer.url).pathname === "/sign-in") tell("You are signed out; reload to sign in.");
    return;
  }
  if (!answer.ok) throw new Error(answer.statusText);
  tell("");
  const tag = answer.headers.get("etag");
  if (tag === known) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = fresh.querySelector("main[data-live]");
  if (!next || busy(main)) return;
  const open = new Map([...main.querySelectorAll("details")].map((each) => [mark(each), each.open]));
  const focused = document.activeElement?.getAttribute("href");
  const here = main.querySelector(".is-here a")?.getAttribute("href");
  main.replaceChildren(...next.childNodes);
  for (const each of main.querySelectorAll("details")) if (open.has(mark(each))) each.open = open.get(mark(each));
  document.title = fresh.title;
  document.querySelector("footer").replaceWith(fresh.querySelector("footer"));
  const item = here && items().find((each) => each.querySelector("a")?.getAttribute("href") === here);
  if (item) item.classList.add("is-here");
  if (item && focused === here) item.querySelector("a").focus({ preventScroll: true });
  begin();
  known = tag;
}

function mark(details) {
  return details.querySelector("summary").textContent;
}

function tell(words) {
  const place = document.querySelector("[data-fresh]");
  if (place && place.textContent !== words) place.textContent = words;
}

function turn() {
  refresh().catch(() => tell(`The server does not answer; this page is as it was at ${document.querySelector("footer time").textContent}.`));
}

function items() {
  return [...document.querySelectorAll("[data-item]")];
}

function move(step) {
  const all = items();
  if (!all.length) return;
  const at = all.findIndex((item) => item.classList.contains("is-here"));
  const to = Math.min(Math.max(at + step, 0), all.length - 1);
  all[at]?.classList.remove("is-here");
  all[to].classList.add("is-here");
  all[to].querySelector("a")?.focus();
  all[to].scrollIntoView({ block: "nearest" });
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "a") (document.querySelector(".is-here [data-acknowledge]") ?? document.querySelector(".dossier [data-acknowledge]"))?.focus();
  else if (event.key === "/") {
    const search = document.querySelector("input[type=search]");
    if (search) search.focus();
    else location.assign("/risks#search");
  } else if (event.key === "?") document.querySelector("footer").scrollIntoView();
  else return;
  event.preventDefault();
}

function begin() {
  local(document);
  const keys = document.querySelector("[data-keys]");
  if (keys) keys.hidden = false;
}

begin();
document.addEventListener("keydown", press);
document.addEventListener("visibilitychange", turn);
setInterval(turn, EVERY);
