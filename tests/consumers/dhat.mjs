// SPDX-License-Identifier: GPL-2.0-or-later
// dhat.mjs DH_VIEW.HTML FILE: the text that valgrind's viewer shows of a file.
import { pathToFileURL } from "node:url";
import { withPage } from "./browser.mjs";

const [viewer, file] = process.argv.slice(2);
await withPage(pathToFileURL(viewer).href, async (page) => {
  await page.setInputFiles("input[type=file]", file);
  await page.waitForFunction(() => /Total:/.test(document.body.innerText), null, { timeout: 20000 });
  console.log(await page.evaluate(() => document.body.innerText));
});
