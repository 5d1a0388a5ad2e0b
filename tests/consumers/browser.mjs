// SPDX-License-Identifier: GPL-2.0-or-later
// browser.mjs: Debian's chromium, driven by playwright-core, for the tests that need a browser.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const paths = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

// Opens url and hands the page to use(page); fails when the page says anything on its console.
export async function withPage(url, use, options = {}) {
  const executablePath = paths.find(existsSync);
  if (!executablePath) {
    console.log("skipped: there is no chromium");
    process.exit(77);
  }
  // no sandbox: tests run as root
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-unsafe-swiftshader"],
  });
  const complaints = [];
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
    // what the machine's graphics are slow at is no complaint
    page.on("console", (m) => ["error", "warning"].includes(m.type()) &&
      !m.text().includes("GL Driver Message") && complaints.push(m.text()));
    page.on("pageerror", (e) => complaints.push(String(e)));
    page.on("dialog", (d) => complaints.push(`dialog: ${d.message()}`) && d.dismiss());
    await page.goto(url);
    await use(page);
  } finally {
    await browser.close();
  }
  if (complaints.length) throw new Error(`the page complained: ${complaints.join("; ")}`);
}
