// SPDX-License-Identifier: GPL-2.0-or-later
// The data that memtop put into the page (src/export/page_data.h), and sums over it.

export const NONE = 4294967295;
export const VALUES = ["allocated", "resident", "phantom", "swapped", "touched"];
const CELL = 6; // node, resident, swapped, phantom, touched, count

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

// What the stacks that end at each node hold at a moment.
export function selves(moment, value) {
  const sums = new Float64Array(nodes);
  if (moment === null) return sums;
  const cells = data.moments[moment].cells;
  for (let i = 0; i < cells.length; i += CELL) sums[cells[i]] += value_of[value](cells, i);
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
