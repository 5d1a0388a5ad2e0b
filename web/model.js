// SPDX-License-Identifier: GPL-2.0-or-later
// The data that memtop put into the page (src/export/page_data.h), and sums over it.

export const NONE = 4294967295;
export const VALUES = ["allocated", "resident", "phantom", "swapped", "touched"];
const CELL = 6; // node, resident, swapped, phantom, touched, count
// of a process at a moment: its frame and these
const SHARE = ["resident", "swapped", "phantom", "rss", "blocks", "allocator", "mappings", "stacks",
               "files", "shared", "before_attach", "other"];

export const data = JSON.parse(document.getElementById("data").textContent);

export const start = data.points.time.length ? data.points.time[0]
  : data.moments.length ? data.moments[0].time : 0;
export const nodes = data.nodes.parent.length;

const value_of = {
  allocated: (c, i) => c[i + 1] + c[i + 2] + c[i + 3],
  resident: (c, i) => c[i + 1],
  swapped: (c, i) => c[i + 2],
  phantom: (c, i) => c[i + 3],
  touched: (c, i) => c[i + 4],
  count: (c, i) => c[i + 5],
};
export const COLUMNS = Object.keys(value_of);

// Names as they are, but for characters that have no shape, or turn the direction of what follows.
const shapeless = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
export const plain = (name) => name.replace(shapeless, "\ufffd");
for (let i = 0; i < data.frames.length; i++) data.frames[i] = plain(data.frames[i]);

export const frameName = (frame) => (frame === NONE ? "(smaller ones)" : data.frames[2 * frame]);
export const frameModule = (frame) => (frame === NONE ? "" : data.frames[2 * frame + 1]);
export const nodeName = (node) => (node === 0 ? "all" : frameName(data.nodes.frame[node]));

// --- one process or all

// The frame of the process that a node belongs to: the outermost of all its stacks.
const owner = new Uint32Array(nodes).fill(NONE);
for (let i = 1; i < nodes; i++)
  owner[i] = data.nodes.parent[i] === 0 ? data.nodes.frame[i] : owner[data.nodes.parent[i]];

// Frames of the processes, those that held most first.
export const processes = (() => {
  const most = new Map();
  for (const { processes: all } of data.moments) {
    for (let i = 0; i < all.length; i += SHARE.length + 1)
      most.set(all[i], Math.max(most.get(all[i]) ?? 0, all[i + 1] + all[i + 2] + all[i + 3]));
  }
  return [...most.keys()].sort((a, b) => most.get(b) - most.get(a));
})();

// The process that all else is about; null: all of them.
let only = null;
export const choose = (process) => { only = process; };
export const single = () => only !== null;

const counts = (cells, i) => only === null || owner[cells[i]] === only;

// The timeline: of all, every measurement; of one process, the moments that the page has of it.
export function course() {
  if (only === null) return { ...data.points, ...data.accounts };
  const made = { time: [], allocated: [] };
  for (const name of SHARE) made[name] = [];
  for (const moment of data.moments) {
    const at = moment.processes.findIndex((f, i) => i % (SHARE.length + 1) === 0 && f === only);
    made.time.push(moment.time);
    SHARE.forEach((name, k) => made[name].push(at < 0 ? 0 : moment.processes[at + 1 + k]));
    made.allocated.push(at < 0 ? 0 : moment.processes[at + 1] + moment.processes[at + 2] +
                                     moment.processes[at + 3]);
  }
  return made;
}

// --- sums

// What the stacks that end at each node hold at a moment.
export function selves(moment, value) {
  const sums = new Float64Array(nodes);
  if (moment === null) return sums;
  const cells = data.moments[moment].cells;
  for (let i = 0; i < cells.length; i += CELL)
    if (counts(cells, i)) sums[cells[i]] += value_of[value](cells, i);
  return sums;
}

// The same with all below it; parents come before their children.
export function totals(self) {
  const sums = Float64Array.from(self);
  for (let i = nodes - 1; i > 0; i--) sums[data.nodes.parent[i]] += sums[i];
  return sums;
}

// By function to blame: [{frame, allocated, resident, ...}].
export function functions(moment) {
  const rows = new Map();
  if (moment === null) return rows;
  const cells = data.moments[moment].cells;
  for (let i = 0; i < cells.length; i += CELL) {
    if (!counts(cells, i)) continue;
    const frame = data.nodes.blame[cells[i]];
    let row = rows.get(frame);
    if (!row) {
      row = { frame };
      for (const column of COLUMNS) row[column] = 0;
      rows.set(frame, row);
    }
    for (const column of COLUMNS) row[column] += value_of[column](cells, i);
  }
  return rows;
}

// The moment next to a time.
export function nearest(time) {
  let best = 0;
  data.moments.forEach((m, i) => {
    if (Math.abs(m.time - time) < Math.abs(data.moments[best].time - time)) best = i;
  });
  return best;
}

// The moment at which most is allocated.
export function peak() {
  let best = 0;
  let most = -1;
  data.moments.forEach((_, i) => {
    const all = selves(i, "allocated").reduce((a, b) => a + b, 0);
    if (all > most) [best, most] = [i, all];
  });
  return best;
}
