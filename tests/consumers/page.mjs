// SPDX-License-Identifier: GPL-2.0-or-later
// page.mjs WHAT FILE [SHOT.png]: does with a page of `memtop html` what a person would, in a browser
// without network; WHAT is one of the functions below.  A wrong answer or a word on the console fails.
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { withPage } from "./browser.mjs";

const [what, file, shot] = process.argv.slice(2);

const text = (page, selector) => page.locator(selector).innerText();
const boxes = (page) => page.locator("#flame g.frame").count();
const rows = (page) => page.locator("#table tbody tr").evaluateAll((all) =>
  all.map((r) => [...r.cells].map((c) => c.title || c.firstChild.textContent)));
const column = (all, i) => all.map((r) => Number(r[i].replace(/[^0-9-]/g, "")));

// Charts are drawn by the next frame, not at once.
async function until(condition, what) {
  for (let i = 0; i < 100; i++) {
    if (await condition()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.fail(what);
}

const tests = {
  async opens(page) {
    assert.match(await text(page, "#title"), /app 4711 and 2 others/);
    // the peak comes first, and its total is exact
    assert.match(await text(page, "#total"), /allocated: 4\.1 GiB \(4,366,286,870 B\)/);
    assert.ok(await boxes(page) > 10);
    assert.equal(await page.locator("#timeline canvas").count(), 1);
    assert.equal(await page.locator("#accounts canvas").count(), 1);
    assert.doesNotMatch(await text(page, "body"), /[\u001b\u0007\u202e]/);
    assert.match(await text(page, "#events"), /mark.*loaded "all"/s);
    assert.match(await text(page, "#events"), 
      /RSS fell by 100 B: 60 B swapped out \(make_table 50 B\), 40 B freed \(from before memtop came 40 B\)/);
  },

  async values(page) {
    for (const [value, bytes] of [["resident", "872,427,531"], ["phantom", "3,221,229,579"],
                                  ["swapped", "272,629,760"], ["touched", "872,415,232"],
                                  ["allocated", "4,366,286,870"]]) {
      await page.selectOption("#value", value);
      assert.ok((await text(page, "#total")).startsWith(`${value}: `));
      assert.ok((await text(page, "#total")).includes(`(${bytes} B)`), await text(page, "#total"));
    }
  },

  async zooms(page) {
    const frame = (name) => page.locator(`#flame g.frame[name="${name}"] rect`).first();
    const width = async (name) => (await frame(name).boundingBox()).width;
    let before = -1;
    await until(async () => before === (before = await width("load_image")), "it comes to rest");
    await frame("load_image").click();
    await until(async () => await width("load_image") > 2 * before, "a click zooms in");
    await page.click("#reset");
    await until(async () => Math.round(await width("load_image")) === Math.round(before),
                "and the button out again");

    const seen = () => page.evaluate(() => window.memtop.seen());
    const [[from, to]] = await seen();
    await page.locator("#timeline").scrollIntoViewIfNeeded();
    const box = await page.locator("#timeline .u-over").boundingBox();
    await page.mouse.move(box.x + box.width * 0.25, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 50, { steps: 4 });
    await page.mouse.up();
    await until(async () => {
      const [a, b] = await seen();
      return a[1] - a[0] < (to - from) * 0.3 && a[0] === b[0] && a[1] === b[1];
    }, "both charts show the time that was dragged over");
    await page.locator("#timeline .u-over").dblclick();
    await until(async () => (await seen()).every(([a, b]) => a === from && b === to),
                "a double-click shows all of it");
  },

  async moments(page) {
    // a click at the left end is the first moment, without the first stack
    const box = await page.locator("#timeline .u-over").boundingBox();
    await page.mouse.click(box.x + 3, box.y + 50);
    assert.equal(await page.inputValue("#moment"), "0");
    assert.ok((await text(page, "#total")).includes("(1,145,061,398 B)"));
    assert.equal(await page.locator('#flame g.frame[name="make_table"]').count(), 0);
  },

  // One process alone: figures, graph, table and timeline are its own.
  async processes(page) {
    const names = await page.locator("#process option").allInnerTexts();
    assert.equal(names.length, 4);
    assert.equal(names[0], "all");
    const drawn = () => page.evaluate(() => window.memtop.drawn());
    const all = await drawn();
    let sum = 0;
    for (const [i, name] of names.entries()) {
      if (!i) continue;
      await page.selectOption("#process", { index: i });
      const total = Number(/\(([0-9,]+) B\)/.exec(await text(page, "#total"))[1].replaceAll(",", ""));
      const functions = column(await rows(page), 1).reduce((a, b) => a + b, 0);
      assert.equal(functions, total);
      const [curves, areas] = await drawn();
      assert.equal(curves[0].length, 3); // the moments
      // the curve leaves out what was there before memtop came
      assert.equal(Math.max(...curves[1]), total - (name.startsWith("app") ? 25165824 : 0));
      // what lies below the topmost area is RSS
      assert.deepEqual(areas[1], curves[5]);
      assert.match(await text(page, "#coarse"), /alone, at the 3 moments/);
      sum += total;
      if (name.startsWith("python3")) {
        assert.equal(total, 300 * 1024 * 1024);
        assert.equal(await page.locator('#flame g.frame[name="make_table"]').count(), 0);
        assert.equal((await rows(page))[0][0], "read_all");
      }
    }
    assert.equal(sum, 4366286870);
    await page.selectOption("#process", "");
    assert.ok((await text(page, "#total")).includes("(4,366,286,870 B)"));
    assert.deepEqual(await drawn(), all);
    assert.equal(await text(page, "#coarse"), "");
  },

  async compares(page) {
    await page.selectOption("#moment", "2");
    await page.selectOption("#other", "0");
    assert.match(await text(page, "#total"), /1\.1 GiB → 4\.1 GiB \(\+3\.0 GiB\)/);
    const all = await rows(page);
    assert.equal(all[0][0], "make_table");
    assert.equal(column(all, 7)[0], 3221225472);
    // the resident part alone has changed from the second to the third
    await page.selectOption("#other", "1");
    await page.selectOption("#value", "resident");
    assert.match(await text(page, "#total"), /\(\+1\.0 GiB\)/);
    // with shift a click on the chart chooses the other moment
    await page.locator("#timeline").scrollIntoViewIfNeeded();
    const box = await page.locator("#timeline .u-over").boundingBox();
    await page.keyboard.down("Shift");
    await page.mouse.click(box.x + 3, box.y + 50);
    await page.keyboard.up("Shift");
    assert.equal(await page.inputValue("#other"), "0");
  },

  async searches(page) {
    await page.fill("#search", "LOAD_im");
    assert.match(await text(page, "#found"), /^\d+ found, 768 MiB, 18\.\d %$/);
    const all = await rows(page);
    assert.deepEqual([...new Set(all.map((r) => r[0]))], ["load_image"]);
    await page.fill("#search", "(["); // no regular expression
    assert.match(await text(page, "#found"), /^0 found/);
    await page.fill("#search", "");
    assert.equal(await text(page, "#found"), "");
  },

  async sorts(page) {
    for (const [key, i] of [["resident", 2], ["count", 6], ["allocated", 1]]) {
      await page.click(`#table th[data-key="${key}"]`);
      const down = column(await rows(page), i);
      assert.deepEqual(down, [...down].sort((a, b) => b - a), key);
      await page.click(`#table th[data-key="${key}"]`);
      assert.deepEqual(column(await rows(page), i), [...down].sort((a, b) => a - b), key);
    }
    await page.click('#table th[data-key="name"]');
    const names = (await rows(page)).map((r) => r[0]);
    assert.deepEqual(names, [...names].sort((a, b) => a.localeCompare(b)));
    const sum = column(await rows(page), 1).reduce((a, b) => a + b, 0);
    assert.equal(sum, 4366286870);
  },

  // A function's name that is HTML stays text, wherever it is shown.
  async hostile(page) {
    const name = "<script>alert(1)</script><img src=x onerror=alert(2)></script><!--";
    assert.equal(await page.locator("img").count(), 0);
    assert.equal(await page.locator("body script").count(), 2);
    assert.ok((await rows(page)).some((r) => r[0] === name));
    await page.fill("#search", "<script>");
    assert.match(await text(page, "#found"), /^[1-9]\d* found/);
    const frame = page.locator("#flame g.frame").filter({ hasText: "<script>" }).first();
    await frame.hover();
    assert.ok((await text(page, "#detail")).includes(name));
    await frame.click();
    assert.equal(await page.locator("img").count(), 0);
    assert.equal(await page.locator("body script").count(), 2);
    assert.match(await text(page, "#title"), /<b>evil/);
    assert.match(await text(page, "#notes"), /<b>evil.*: a file with its allocator was written to/);
    assert.equal(await page.locator("b").count(), 0);
  },

  async themes(page) {
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const before = await ground();
    await page.click("#theme");
    assert.notEqual(await ground(), before);
  },

  // On a telephone what is too wide scrolls by itself, and the page does not.
  async narrow(page) {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.reload();
    const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    await until(fits, "the page is as wide as its window");
    await page.setViewportSize({ width: 1280, height: 900 });
  },

  // Of one measurement the time axis is about that.
  async single(page) {
    const [[from, to]] = await page.evaluate(() => window.memtop.seen());
    assert.ok(from >= 0 && to <= from + 1, `from ${from} to ${to}`);
  },

  async big(page) {
    const ms = await page.evaluate(() => performance.getEntriesByType("navigation")[0].duration);
    console.log(`open after ${Math.round(ms)} ms, ${await boxes(page)} boxes`);
    assert.match(await text(page, "#subtitle"), /9\d,\d{3} stacks .* are summed up/);
    assert.ok(await boxes(page) > 100);
    // 1 s where nothing else runs; other work on the machine is no fault of the page
    assert.ok(ms < 60000, `${ms} ms`);
  },

  async shot(page) {
    await page.fill("#search", "load");
    await page.waitForTimeout(600);
    await page.screenshot({ path: shot, fullPage: true });
    await page.fill("#search", "");
    await page.click("#theme");
    await page.selectOption("#moment", "2");
    await page.selectOption("#other", "0");
    await page.waitForTimeout(600);
    await page.screenshot({ path: shot.replace(".png", "-dark.png"), fullPage: true });
  },
};

await withPage(pathToFileURL(file).href, async (page) => {
  for (const one of what.split(",")) {
    await page.reload();
    await tests[one](page);
    console.log(`${one}: fine`);
  }
}, { offline: true });
