// SPDX-License-Identifier: GPL-2.0-or-later
// The two charts over time, with events and marks on them and the chosen moments.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { course, data, nearest, plain, start } from "./model.js";
import { bytes, seconds } from "./units.js";

const ACCOUNTS = [
  ["blocks", "live blocks", "#009e73"], ["allocator", "kept by the allocator", "#56b4e9"],
  ["mappings", "direct mappings", "#0072b2"], ["stacks", "thread stacks", "#cc79a7"],
  ["files", "files", "#e69f00"], ["shared", "shared memory", "#f0e442"],
  ["before_attach", "before memtop came", "#999999"], ["other", "other", "#d55e00"],
];
const CURVES = [["allocated", "allocated"], ["resident", "resident"], ["phantom", "phantom"],
                ["swapped", "swapped"], ["rss", "RSS"]];

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
let charts = [];
let chosen = { moment: null, other: null };

function line(u, time, color, dash, width) {
  const x = Math.round(u.valToPos(time, "x", true));
  if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) return null;
  u.ctx.strokeStyle = color;
  u.ctx.lineWidth = width;
  u.ctx.setLineDash(dash);
  u.ctx.beginPath();
  u.ctx.moveTo(x, u.bbox.top);
  u.ctx.lineTo(x, u.bbox.top + u.bbox.height);
  u.ctx.stroke();
  return x;
}

// Events, marks with their words, and the chosen moments.
function annotate(u) {
  u.ctx.save();
  u.ctx.textAlign = "left";
  u.ctx.textBaseline = "alphabetic";
  u.ctx.font = `${11 * devicePixelRatio}px sans-serif`;
  for (const event of data.events) {
    const color = event.kind === "rss_drop" ? css("--swapped") : css("--faint");
    const x = line(u, event.time - start, color, [3, 3], 1);
    if (x === null || event.kind !== "mark") continue;
    u.ctx.fillStyle = css("--text");
    const label = plain(event.label);
    const wide = u.ctx.measureText(label).width;
    const fits = x + 4 + wide <= u.bbox.left + u.bbox.width;
    u.ctx.fillText(label, fits ? x + 4 : x - 4 - wide, u.bbox.top + 12 * devicePixelRatio);
  }
  if (chosen.other !== null)
    line(u, data.moments[chosen.other].time - start, css("--text"), [6, 4], 2);
  if (chosen.moment !== null)
    line(u, data.moments[chosen.moment].time - start, css("--text"), [], 2);
  u.ctx.restore();
}

// A single point, or points of one time, have no width of their own: of one, uPlot would make 100 s.
const range = (u, from, to) => (u.data[0].length < 2 ? [from ?? 0, (from ?? 0) + 1]
  : from < to ? [from, to] : [from - 1, to + 1]);

const steps = Array.from({ length: 60 }, (_, i) => 2 ** i);

function options(series, height) {
  const axis = { stroke: () => css("--text"), grid: { stroke: () => css("--line") },
                 ticks: { stroke: () => css("--line") } };
  return {
    width: 800,
    height,
    scales: { x: { time: false, range }, y: { range: (u, from, to) => [0, to > 0 ? to * 1.05 : 1] } },
    cursor: { sync: { key: "memtop", scales: ["x", null] }, drag: { x: true, y: false } },
    axes: [{ ...axis, values: (u, all) => all.map((t) => seconds(t)) },
           { ...axis, size: 80, incrs: steps, values: (u, all) => all.map((n) => bytes(n)) }],
    series: [{ label: "time", value: (u, t) => (t === null ? "" : seconds(t)) }, ...series],
    hooks: { draw: [annotate], setScale: [follow] },
  };
}

// Zooming one zooms the other.
let following = false;
function follow(u, key) {
  if (key !== "x" || following) return;
  following = true;
  const { min, max } = u.scales.x;
  for (const other of charts) if (other !== u && min !== null) other.setScale("x", { min, max });
  following = false;
}

function clickable(u, choose) {
  let down = null;
  u.over.addEventListener("mousedown", (e) => { down = e.clientX; });
  u.over.addEventListener("click", (e) => {
    if (down === null || Math.abs(e.clientX - down) > 3 || !data.moments.length) return;
    const at = e.clientX - u.over.getBoundingClientRect().left;
    choose(nearest(u.posToVal(at, "x") + start), e.shiftKey);
  });
}

let shown = course();
const times = () => shown.time.map((t) => t - start);
const curves = () => [times(), ...CURVES.map(([key]) => shown[key])];

function curvesChart(place) {
  const series = CURVES.map(([key, label]) => ({
    label, stroke: () => css(`--${key}`), width: 2, value: (u, n) => (n === null ? "" : bytes(n)),
  }));
  return new uPlot(options(series, 260), curves(), place);
}

// Areas one on the other: the topmost is painted first, and what lies below it over it.
function areas() {
  const stacked = [];
  let below = shown.time.map(() => 0);
  for (const [key] of ACCOUNTS) {
    below = below.map((n, i) => n + shown[key][i]);
    stacked.unshift(below);
  }
  return [times(), ...stacked];
}

function accountsChart(place) {
  const names = [...ACCOUNTS].reverse();
  const series = names.map(([key, label, color]) => ({
    label, fill: color, stroke: color, width: 1, points: { show: false },
    value: (u, n, s, i) => (i === null || i === undefined ? "" : bytes(shown[key][i])),
  }));
  return new uPlot(options(series, 220), areas(), place);
}

// Another process was chosen.
export function refill() {
  shown = course();
  charts[0].setData(curves());
  charts[1].setData(areas());
}

export function make(choose) {
  charts = [curvesChart(document.getElementById("timeline")),
            accountsChart(document.getElementById("accounts"))];
  for (const chart of charts) clickable(chart, choose);
  resize();
}

export function show(moment, other) {
  chosen = { moment, other };
  repaint();
}

export function repaint() {
  for (const chart of charts) chart.redraw(false, true);
}

export function resize() {
  for (const chart of charts)
    chart.setSize({ width: chart.root.parentNode.clientWidth, height: chart.height });
}

// What a test asks: the seconds that are seen.
export const seen = () => charts.map((c) => [c.scales.x.min, c.scales.x.max]);
export const drawn = () => charts.map((c) => c.data.map((column) => [...column]));
