// SPDX-License-Identifier: GPL-2.0-or-later
// speedscope.mjs FILE: what npm's speedscope makes of a file, in Node: a line "PROFILE BYTES UNIT" for
// each profile and "frame NAME" for each frame, both from the file that its exporter writes again.
//
// The package has no module for Node, only the program of its page.  That runs here without a page: the
// call that would draw it is left away, and the two functions that its command line and its export
// button use are handed out in its place.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import vm from "node:vm";

const dir = path.join(path.dirname(fileURLToPath(import.meta.url)),
                      "node_modules/speedscope/dist/release");

// The one match of a pattern in the program; another version may not have it.
function find(program, pattern, what) {
  const found = [...program.matchAll(pattern)];
  assert.equal(found.length, 1, `this speedscope has its ${what} elsewhere`);
  return found[0];
}

function load() {
  const name = readdirSync(dir).find((file) => /^speedscope-.*\.js$/.test(file));
  const program = readFileSync(path.join(dir, name), "utf8");
  const reader = find(program,
    /loadFileFromBase64:\((\w+),(\w+)\)=>\{this\.loadProfile\(\(\)=>(\w+)\(\1,\2\)\)/g, "importer")[3];
  const writer = find(program,
    /function (\w+)\(\w\)\{let \w=\[\],\w=new Map;.{0,400}?\{exporter:`speedscope@/g, "exporter")[1];
  const drawing = find(program, /console\.log\(`speedscope v/g, "drawing").index;

  // what its modules ask of a page when they are made: anything, and nothing of consequence
  const anything = new Proxy(function () {}, {
    get: (_, key) => (key === Symbol.toPrimitive ? () => "" : anything),
    apply: () => anything,
    construct: () => anything,
    set: () => true,
  });
  const page = { console: { ...console, log() {} }, setTimeout, clearTimeout, TextDecoder, TextEncoder,
                 URL, atob, performance, document: anything, navigator: anything,
                 localStorage: anything, location: { hash: "", href: "", protocol: "file:" },
                 addEventListener() {}, matchMedia: () => anything, requestAnimationFrame() {} };
  page.window = page.self = page;
  vm.runInNewContext(`${program.slice(0, drawing)}window.handed = [${reader}, ${writer}];})();`, page,
                     { filename: name });
  return page.handed;
}

// Where it fails Node would print the line that did: all of the program.
process.on("uncaughtException", (e) => {
  console.error(String(e.message).slice(0, 300));
  process.exitCode = 1;
});

const [read, write] = load();
const file = process.argv[2];
const group = await read(path.basename(file), readFileSync(file).toString("base64"));
assert.ok(group, "speedscope does not know the format");
const exported = JSON.parse(JSON.stringify(write(group)));
for (const profile of exported.profiles) {
  const sum = profile.type === "sampled" ? profile.weights.reduce((a, b) => a + b, 0)
                                         : profile.endValue - profile.startValue;
  // what its graphs are drawn from
  assert.equal(group.profiles.find((p) => p.getName() === profile.name).getTotalWeight(), sum);
  console.log(`${profile.name} ${sum} ${profile.unit}`);
}
for (const frame of exported.shared.frames) console.log(`frame ${JSON.stringify(frame.name)}`);
