// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers for people: binary units as in memtop's tables, times since the start.

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function bytes(n) {
  const sign = n < 0 ? "−" : "";
  let size = Math.abs(n);
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${sign}${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

export const signed = (n) => (n > 0 ? `+${bytes(n)}` : bytes(n));
export const exact = (n) => `${n.toLocaleString("en")} B`;
export const percent = (part, all) => (all ? `${((100 * part) / all).toFixed(1)} %` : "");

export function seconds(t) {
  if (t < 60) return `${t.toFixed(1)} s`;
  const whole = Math.round(t);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (!parts[0]) parts.shift();
  return parts.map((p, i) => (i ? String(p).padStart(2, "0") : p)).join(":");
}
