// SPDX-License-Identifier: GPL-2.0-or-later
// The table of functions: sorted by any column, searched, and with the change when two moments are
// compared.
import { COLUMNS, frameModule, frameName, functions } from "./model.js";
import { bytes, exact, signed } from "./units.js";

const MOST = 200;
const table = document.getElementById("table");
const more = document.getElementById("more");
let sort = { key: "allocated", down: true };
let last = null;

function cell(tag, text, title) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (title) made.title = title;
  return made;
}

function rows(moment, other, value) {
  const now = functions(moment);
  const then = functions(other);
  for (const frame of then.keys()) {
    if (now.has(frame)) continue;
    const none = { frame };
    for (const column of COLUMNS) none[column] = 0;
    now.set(frame, none);
  }
  for (const row of now.values())
    row.change = row[value] - (then.get(row.frame)?.[value] ?? 0);
  return [...now.values()];
}

function heading(keys) {
  const line = table.tHead.rows[0];
  line.replaceChildren();
  for (const key of keys) {
    const head = cell("th", key === "name" ? "function" : key);
    head.className = key === "name" ? "name" : "";
    head.dataset.key = key;
    head.tabIndex = 0;
    head.setAttribute("aria-sort", sort.key !== key ? "none" : sort.down ? "descending" : "ascending");
    head.addEventListener("click", () => {
      sort = { key, down: sort.key === key ? !sort.down : key !== "name" };
      draw(...last);
    });
    head.addEventListener("keydown", (e) => e.key === "Enter" && head.click());
    line.append(head);
  }
}

function compare(a, b) {
  if (sort.key === "name") return frameName(a.frame).localeCompare(frameName(b.frame));
  // a change counts by its size, whichever way it goes
  return sort.key === "change" ? Math.abs(a.change) - Math.abs(b.change) : a[sort.key] - b[sort.key];
}

function line(row, keys) {
  const made = document.createElement("tr");
  const name = cell("td", frameName(row.frame));
  name.className = "name";
  name.append(cell("small", frameModule(row.frame)));
  made.append(name);
  for (const key of keys.slice(1)) {
    const n = row[key];
    made.append(key === "count" ? cell("td", n.toLocaleString("en"))
      : cell("td", key === "change" ? signed(n) : bytes(n), exact(n)));
  }
  return made;
}

export function draw(moment, other, value, term) {
  last = [moment, other, value, term];
  const keys = ["name", ...COLUMNS, ...(other === null ? [] : ["change"])];
  if (!keys.includes(sort.key)) sort = { key: "allocated", down: true };
  heading(keys);
  const wanted = rows(moment, other, value).filter((row) =>
    frameName(row.frame).toLowerCase().includes(term.toLowerCase()));
  wanted.sort((a, b) => (sort.down ? compare(b, a) : compare(a, b)));
  table.tBodies[0].replaceChildren(...wanted.slice(0, MOST).map((row) => line(row, keys)));
  more.textContent = wanted.length > MOST ? `and ${wanted.length - MOST} more: search for them` : "";
}

export function sortBy(key) {
  sort = { key, down: true };
}
