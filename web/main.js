// SPDX-License-Identifier: GPL-2.0-or-later
// The page: what is chosen, and who draws it.
import "./page.css";
import * as flame from "./flame.js";
import { choose as chooseProcess, data, frameName, NONE, peak, processes, single, plain, start, VALUES } from "./model.js";
import * as table from "./table.js";
import * as timeline from "./timeline.js";
import { bytes, exact, percent, seconds, signed } from "./units.js";

const by = (id) => document.getElementById(id);
const CAUSES = { swapped: "swapped out", freed: "freed", returned: "given back",
                 files: "of file pages dropped" };
const state = { value: "allocated", moment: null, other: null, term: "" };

function option(value, text) {
  const made = document.createElement("option");
  made.value = value;
  made.textContent = text;
  return made;
}

// The moments of what is looked at; its peak is where one begins.
function fillMoments() {
  const most = peak();
  const last = data.moments.length - 1;
  const label = (m, i) => seconds(m.time - start) + (i === most ? " (peak)" : i === last ? " (end)" : "");
  by("moment").replaceChildren(...data.moments.map((m, i) => option(i, label(m, i))));
  by("other").replaceChildren(option("", "none"), ...data.moments.map((m, i) => option(i, label(m, i))));
  state.moment = data.moments.length ? most : null;
  state.other = null;
}

function fillSelects() {
  by("value").append(...VALUES.map((v) => option(v, v)));
  by("process").append(option("", "all"), ...processes.map((f) => option(f, frameName(f))));
  by("process-label").hidden = processes.length < 2;
  fillMoments();
}

function head() {
  const title = plain(data.title) || "memtop";
  document.title = `${title} · memtop`;
  by("title").textContent = title;
  const length = data.points.time.length ? data.points.time[data.points.time.length - 1] - start : 0;
  const pruned = data.pruned.stacks
    ? ` · ${data.pruned.stacks.toLocaleString("en")} stacks that never held more than ` +
      `${bytes(data.pruned.below)} are summed up as “${frameName(4294967295)}”`
    : "";
  by("subtitle").textContent = `memtop ${data.version} · from ` +
    `${new Date(start * 1000).toLocaleString()} for ${seconds(length)}${pruned}`;
}

// What was lost or is not known: a reader must not meet a figure before being told.
function notes() {
  by("notes").append(...data.notes.map((text) =>
    Object.assign(document.createElement("li"), { textContent: plain(text) })));
  by("notes").hidden = !data.notes.length;
}

// Whose memory left RAM for that cause: "(cache_fill 120 MiB, …)".
function losers(event, cause) {
  const lost = event.stacks.filter((s) => s.cause === cause);
  if (!lost.length) return "";
  const names = lost.map((s) => `${s.kind === "before_attach" ? "from before memtop came"
    : s.frame === NONE ? "a stack that was lost" : frameName(s.frame)} ${bytes(s.bytes)}`);
  return ` (${names.join(", ")})`;
}

function events() {
  const lines = data.events.map((e) => {
    const parts = Object.entries(CAUSES).filter(([k]) => e[k])
      .map(([k, words]) => `${bytes(e[k])} ${words}${losers(e, k)}`);
    const text = e.kind === "mark" ? plain(e.label)
      : e.kind === "rss_drop" ? `RSS fell by ${bytes(e.bytes)}: ${parts.join(", ")}` : "";
    const line = document.createElement("tr");
    for (const t of [seconds(e.time - start), e.kind, e.pid ? `pid ${e.pid}` : "", text])
      line.append(Object.assign(document.createElement("td"), { textContent: t }));
    return line;
  });
  by("events").tBodies[0].replaceChildren(...lines);
  by("events-section").hidden = !lines.length;
}

function drawStacks() {
  if (state.moment === null) return;
  const total = flame.draw(state.value, state.moment, state.other);
  by("total").textContent = state.other === null
    ? `${state.value}: ${bytes(total.after)} (${exact(total.after)})`
    : `${state.value}: ${bytes(total.before)} → ${bytes(total.after)} ` +
      `(${signed(total.after - total.before)}); red grew, blue shrank`;
  by("found").textContent = "";
  if (state.term) flame.search(state.term);
  table.draw(state.moment, state.other, state.value, state.term);
}

function choose(moment, compare) {
  if (compare) state.other = moment === state.moment ? null : moment;
  else state.moment = moment;
  if (state.other === state.moment) state.other = null;
  by("moment").value = String(state.moment);
  by("other").value = state.other === null ? "" : String(state.other);
  timeline.show(state.moment, state.other);
  drawStacks();
}

function chooseOnly(process) {
  chooseProcess(process);
  fillMoments();
  by("coarse").textContent = single()
    ? `${frameName(process)} alone, at the ${data.moments.length} moments whose stacks are kept` : "";
  timeline.refill();
  choose(state.moment, false);
}

function listen() {
  by("process").addEventListener("change", (e) =>
    chooseOnly(e.target.value === "" ? null : Number(e.target.value)));
  by("value").addEventListener("change", (e) => {
    state.value = e.target.value;
    table.sortBy(state.value);
    drawStacks();
  });
  by("moment").addEventListener("change", (e) => choose(Number(e.target.value), false));
  by("other").addEventListener("change", (e) => {
    state.other = e.target.value === "" ? null : Number(e.target.value);
    if (state.other !== null) table.sortBy("change");
    choose(state.moment, false);
  });
  by("search").addEventListener("input", (e) => {
    state.term = e.target.value;
    by("found").textContent = "";
    flame.search(state.term);
    table.draw(state.moment, state.other, state.value, state.term);
  });
  by("reset").addEventListener("click", () => flame.reset());
  by("theme").addEventListener("click", () => theme(document.documentElement.dataset.theme !== "dark"));
  flame.onFound((results, sum, all) => {
    by("found").textContent = `${results.length} found, ${bytes(sum)}, ${percent(sum, all)}`;
  });
  let late = 0;
  window.addEventListener("resize", () => {
    clearTimeout(late);
    late = setTimeout(() => { timeline.resize(); drawStacks(); }, 150);
  });
}

function theme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  timeline.repaint();
}

theme(matchMedia("(prefers-color-scheme: dark)").matches);
head();
notes();
fillSelects();
events();
listen();
timeline.make(choose);
if (state.moment !== null) choose(state.moment, false);
window.memtop = { seen: timeline.seen, drawn: timeline.drawn };
