// SPDX-License-Identifier: GPL-2.0-or-later
// speedscope.mjs FILE: opens it in npm's speedscope, and says what speedscope made of each profile: a
// line "PROFILE BYTES" for each, from the file that it exports again.
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { withPage } from "./browser.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const app = path.join(here, "node_modules/speedscope/dist/release/index.html");
const file = process.argv[2];
const dir = mkdtempSync(path.join(tmpdir(), "speedscope-"));
const script = path.join(dir, "profile.js");
const base64 = readFileSync(file).toString("base64");
writeFileSync(script, `speedscope.loadFileFromBase64("memtop", ${JSON.stringify(base64)})`);

// The way in that speedscope's own command line uses.
const url = `${pathToFileURL(app).href}#localProfilePath=${pathToFileURL(script).pathname}`;
await withPage(url, async (page) => {
  const button = page.getByText("Export", { exact: false }).first();
  await button.waitFor({ timeout: 20000 });
  const download = page.waitForEvent("download", { timeout: 20000 });
  await button.click();
  const saved = path.join(dir, "exported.json");
  await (await download).saveAs(saved);
  const exported = JSON.parse(readFileSync(saved, "utf8"));
  console.log(`file ${JSON.stringify(await page.title())}`);
  for (const profile of exported.profiles) {
    const sum = profile.type === "sampled" ? profile.weights.reduce((a, b) => a + b, 0)
                                           : profile.endValue - profile.startValue;
    console.log(`${profile.name} ${sum} ${profile.unit}`);
  }
  const names = exported.shared.frames.map((f) => f.name);
  for (const name of names) console.log(`frame ${JSON.stringify(name)}`);
}, { acceptDownloads: true });
rmSync(dir, { recursive: true });
