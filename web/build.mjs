// SPDX-License-Identifier: GPL-2.0-or-later
// build.mjs OUT: template.html with its script and style in it, and the licences of what they are made of.
import { build } from "esbuild";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const result = await build({
  entryPoints: ["main.js"],
  bundle: true,
  minify: true,
  // d3-flame-graph knows its nodes by the name of their class
  keepNames: true,
  write: false,
  metafile: true,
  format: "iife",
  target: "es2020",
  legalComments: "none",
  outdir: "out",
});
const file = (ending) => result.outputFiles.find((f) => f.path.endsWith(ending)).text;

const packages = new Set();
for (const input of Object.keys(result.metafile.inputs)) {
  const found = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
  if (found) packages.add(found[1]);
}
const licences = [...packages].sort().map((name) => {
  const dir = path.join("node_modules", name);
  const text = ["LICENSE", "LICENSE.md", "license"].map((f) => path.join(dir, f)).find(existsSync);
  const { version, license } = JSON.parse(readFileSync(path.join(dir, "package.json"), "utf8"));
  if (!text) throw new Error(`${name} has no licence file`);
  return `${name} ${version} (${license})\n\n${readFileSync(text, "utf8").trim()}\n`;
});

const parts = {
  "@STYLE@": file(".css"),
  "@SCRIPT@": file(".js"),
  "@LICENCES@": licences.join("\n\n").replaceAll("<", "&lt;"),
};
let page = readFileSync("template.html", "utf8");
for (const [mark, text] of Object.entries(parts)) page = page.split(mark).join(text);
if (page.split("@MEMTOP_DATA@").length !== 2) throw new Error("the data needs one place");
writeFileSync(process.argv[2], page);
