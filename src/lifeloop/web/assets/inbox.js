// Makes the page quick; everything here also works as plain links and forms, only with a page load each.

const REGIONS = ["timeline", "list", "reading"];
const byId = (id) => document.getElementById(id);
const say = (words) => { byId("said").textContent = words; };
let asked = 0;
let playing = false;

async function page(url) {
  const turn = ++asked;
  const answer = await fetch(url, { headers: { Accept: "text/html" } });
  const text = await answer.text();
  if (turn !== asked) return null; // a later question was asked meanwhile
  return { url: answer.url, page: new DOMParser().parseFromString(text, "text/html") };
}

function swap(fresh, regions) {
  for (const id of regions) {
    const next = fresh.getElementById(id), old = byId(id);
    if (next && old) old.replaceWith(document.adoptNode(next));
  }
}

// Where the keyboard stands: a region is replaced as a whole, and the focus must not fall out of it.
function focused() {
  const region = REGIONS.map(byId).find((part) => part?.contains(document.activeElement));
  if (!region) return null;
  const place = [...region.querySelectorAll("a, button, input, summary")].indexOf(document.activeElement);
  return place < 0 ? null : { region: region.id, place };
}

function refocus(where) {
  if (!where || REGIONS.map(byId).some((part) => part?.contains(document.activeElement))) return;
  byId(where.region)?.querySelectorAll("a, button, input, summary")[where.place]?.focus({ preventScroll: true });
}

async function go(url, { push = true, regions = REGIONS, focus } = {}) {
  const where = focused();
  const found = await page(url);
  if (!found) return;
  if (!byId("list") || !found.page.getElementById("list")) { location.assign(url); return; }
  const scroll = byId("list").querySelector(".mails")?.scrollTop ?? 0;
  swap(found.page, regions);
  document.body.className = found.page.body.className;
  document.title = found.page.title;
  const typing = document.activeElement?.id === "q";
  document.querySelector(".search")?.replaceWith(document.adoptNode(found.page.querySelector(".search")));
  if (typing) { byId("q").focus(); byId("q").setSelectionRange(9999, 9999); }
  if (push) history.pushState(null, "", found.url);
  if (!regions.includes("timeline") && byId("list").querySelector(".mails")) byId("list").querySelector(".mails").scrollTop = scroll;
  if (focus) document.querySelector(focus)?.focus({ preventScroll: false });
  else refocus(where);
  say(regions.includes("timeline") ? byId("list").querySelector(".count")?.textContent ?? "" : document.title);
  ready();
}

// Opening a mail keeps the list where it is; changing a filter draws everything anew.
function regionsFor(link) {
  return link.closest("#reading") || link.dataset.mail ? ["list", "reading"] : REGIONS;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-swap]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  playing = false;
  const keep = link.dataset.mail ? `a[data-mail="${CSS.escape(link.dataset.mail)}"]` : undefined;
  go(link.href, { regions: link.closest("#reading") ? REGIONS : regionsFor(link), focus: keep });
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-swap]");
  if (!form) return;
  event.preventDefault();
  playing = false;
  const url = new URL(form.action);
  for (const [name, value] of new FormData(form)) if (value) url.searchParams.set(name, value);
  go(url);
});

addEventListener("popstate", () => { playing = false; go(location.href, { push: false }); });

// The slider --------------------------------------------------------------------------------------------------

const slider = () => byId("n");
const form = () => document.querySelector("form.slider");
const counts = () => (form().dataset.counts || "").split(",").map(Number);
const DAY = 86400000;

function dayAt(place) {
  return new Date(Date.parse(form().dataset.first + "T00:00:00Z") + place * DAY);
}

function inWords(day) {
  const parts = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  return parts.format(day).replace(",", "");
}

function span() {
  return form().querySelector("input[name=span]:checked")?.value ?? "until";
}

function addressOf(place) {
  const url = new URL(location.href);
  for (const name of ["page", "play", "mail", "view", "n"]) url.searchParams.delete(name);
  url.searchParams.set("day", dayAt(place).toISOString().slice(0, 10));
  url.searchParams.set("span", span());
  return url;
}

function mark(place) {
  const width = { week: 7, day: 1 }[span()] ?? place + 1;
  byId("later").setAttribute("x", place + 1);
  byId("sooner").setAttribute("width", Math.max(0, place + 1 - width));
  byId("day").textContent = inWords(dayAt(place));
  slider().setAttribute("aria-valuetext", inWords(dayAt(place)));
}

async function show(place) {
  mark(place);
  const url = addressOf(place), part = new URL(url);
  part.searchParams.set("part", "list");
  const seen = new Set([...document.querySelectorAll("a[data-mail]")].map((link) => link.dataset.mail));
  const found = await page(part);
  if (!found) return;
  swap(found.page, ["list"]);
  for (const link of document.querySelectorAll("a[data-mail]")) if (seen.size && !seen.has(link.dataset.mail)) link.classList.add("new");
  history.replaceState(null, "", url);
}

let waiting = 0;
document.addEventListener("input", (event) => {
  if (event.target.id === "n") {
    playing = false;
    label();
    mark(Number(slider().value));
    clearTimeout(waiting);
    waiting = setTimeout(() => show(Number(slider().value)), 40);
  }
});

// Once the slider rests, everything that leads on from here learns of the new day.
document.addEventListener("change", (event) => {
  if (event.target.id === "n" || event.target.name === "span") settle();
});

function settle() {
  clearTimeout(waiting);
  const url = addressOf(Number(slider().value));
  history.replaceState(null, "", url);
  return go(url, { push: false, regions: ["timeline", "list"] });
}

// Watching the year -------------------------------------------------------------------------------------------

function stop() {
  if (!playing) return;
  playing = false;
  label();
  settle();
}

function label() {
  const button = byId("play");
  if (!button) return;
  button.hidden = false;
  button.replaceChildren();
  const sign = document.createElement("span");
  sign.setAttribute("aria-hidden", "true");
  sign.textContent = playing ? "❚❚" : "▶";
  button.append(sign, playing ? " Pause" : " Watch the year");
}

async function play() {
  const all = counts(), last = all.length - 1;
  const busy = all.filter(Boolean).length;
  const rest = Math.min(900, Math.max(70, 30000 / Math.max(1, busy))); // a year takes about half a minute
  let place = Number(slider().value);
  if (place >= last) place = -1;
  playing = true;
  label();
  say("Watching the year");
  while (playing && place < last) {
    const begun = performance.now();
    place += 1;
    while (place < last && !all[place]) place += 1; // a day without mail is nothing to look at
    slider().value = place;
    await show(place);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, rest - (performance.now() - begun))));
  }
  if (playing) stop();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("#play")) playing ? stop() : play();
});

// Keys --------------------------------------------------------------------------------------------------------

function step(by) {
  const links = [...document.querySelectorAll("a[data-mail]")];
  const at = links.findIndex((link) => link.getAttribute("aria-current") === "true");
  const next = links[Math.min(links.length - 1, Math.max(0, at + by))];
  if (next) next.click();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input[type=search], textarea, select")) return;
  const act = { j: () => step(1), k: () => step(-1), p: () => byId("play")?.click(), "/": () => byId("q")?.focus() }[event.key];
  if (!act || !byId("list")) return;
  event.preventDefault();
  act();
});

function ready() {
  if (!form()) return;
  form().classList.add("live");
  label();
}

ready();
if (form()?.hasAttribute("data-play")) play();
