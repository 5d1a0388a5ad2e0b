// SPDX-License-Identifier: GPL-2.0-or-later
// The flame graph of a moment, or of what differs between two.  Names only ever become text.
import flamegraph from "d3-flame-graph";
import { select } from "d3-selection";
import { data, nodeName, nodes, frameModule, selves, totals } from "./model.js";
import { bytes, exact, percent, signed } from "./units.js";

const place = document.getElementById("flame");
const detail = document.getElementById("detail");
let chart = null;

// A node is as wide as the larger of the two moments, so that what has gone is seen as well.
function tree(value, moment, other) {
  const now = selves(moment, value);
  const then = selves(other, value);
  const widest = totals(other === null ? now : now.map((n, i) => Math.max(n, then[i])));
  const after = totals(now);
  const before = totals(then);
  const made = new Array(nodes);
  for (let i = 0; i < nodes; i++) {
    if (!widest[i] && i) continue;
    made[i] = { name: nodeName(i), module: frameModule(data.nodes.frame[i]), value: widest[i],
                after: after[i], before: before[i], children: [] };
    if (i) made[data.nodes.parent[i]].children.push(made[i]);
  }
  return made[0];
}

const grey = (part) => Math.round(232 * (1 - part));

function differenceColor(d) {
  if (d.highlight) return "#e600e6";
  const delta = d.data.after - d.data.before;
  const part = Math.min(1, Math.abs(delta) / Math.max(d.data.after, d.data.before, 1));
  return delta > 0 ? `rgb(255,${grey(part)},${grey(part)})`
    : delta < 0 ? `rgb(${grey(part)},${grey(part)},255)` : "rgb(225,225,225)";
}

function moduleColor(d) {
  if (d.highlight) return "#e600e6";
  let hash = 7;
  for (const c of d.data.module || d.data.name) hash = (hash * 31 + c.codePointAt(0)) >>> 0;
  return `hsl(${20 + (hash % 40)}, ${70 + (hash >> 8) % 20}%, ${62 + ((hash >> 4) % 12)}%)`;
}

function describe(d, value, compare, all) {
  const head = `${d.data.name}${d.data.module ? `  (${d.data.module})` : ""}\n`;
  if (compare)
    return `${head}${value} ${bytes(d.data.before)} → ${bytes(d.data.after)}, ` +
      `${signed(d.data.after - d.data.before)}`;
  return `${head}${value} ${bytes(d.data.after)} (${exact(d.data.after)}), ` +
    percent(d.data.after, all);
}

// Draws; returns {after, before}, the totals of the moments.
export function draw(value, moment, other) {
  const root = tree(value, moment, other);
  const compare = other !== null;
  const said = (d) => describe(d, value, compare, root.after);
  place.replaceChildren();
  chart = flamegraph()
    .width(Math.max(300, place.clientWidth))
    .cellHeight(18)
    .minFrameSize(1)
    .transitionDuration(0)
    .sort((a, b) => b.value - a.value)
    .inverted(true)
    .title("")
    .label(said)
    .setColorMapper(compare ? differenceColor : moduleColor)
    .setSearchMatch((d, term) => Boolean(term) &&
      String(d.data.name).toLowerCase().includes(term.toLowerCase()))
    .setSearchHandler((results, sum, total) => found(results, sum, total))
    .setDetailsHandler((text) => { detail.textContent = text || "\u00a0"; });
  select(place).datum(root).call(chart);
  return { after: root.after, before: root.before };
}

let found = () => {};
export function onFound(handler) {
  found = handler;
}

export const search = (term) => (term ? chart.search(term) : chart.clear());
export const reset = () => chart.resetZoom();
