/** A meeting of 10 000 lines: how soon it can be read, how it scrolls, what it weighs. Prints the figures of
 * docs/benchmarks.md; the limits here are wide, because machines differ and these cores do other things, too. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { CDPSession, Page } from "@playwright/test";
import { REPOSITORY, python } from "./support/stack";
import { expect, test } from "./support/test";

const JS_LIMIT_BYTES = 250_000;
/** What follows when a page has nothing else to do takes seconds to come, and is measured for the documentation only. */
const IS_MEASURED = Boolean(process.env.SCRIBE_FIGURES);

test.use({ trace: "off" }); // it would be measured, too

let meetingId = "";
test.beforeAll(() => {
  test.setTimeout(180_000);
  meetingId = python(["-m", "tests.large_meeting", "--segments", "10000"]).trim().split("\n").at(-1)!;
});

test("10 000 lines open soon, scroll smoothly and stay small", async ({ page }) => {
  test.setTimeout(180_000);
  await page.goto(`/meetings/${meetingId}`); // the service reads the files a first time
  await expect(page.getByRole("article").first()).toBeVisible();

  const started = Date.now();
  await page.goto(`/meetings/${meetingId}`, { waitUntil: "commit" });
  await expect(page.getByRole("article").first()).toBeVisible();
  const shown = await page.evaluate(() => performance.now());
  await page.getByRole("article").first().hover();
  const interactive = Date.now() - started;

  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const before = await busySeconds(session);
  const frames = await scrolled(page);
  const cpu_ms_per_frame = Math.round((10_000 * ((await busySeconds(session)) - before)) / frames.length) / 10;
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  const rows = await page.getByRole("article").count();
  const median = frames.sort((a, b) => a - b)[Math.floor(frames.length / 2)]!;
  const p95 = frames[Math.floor(frames.length * 0.95)]!;
  const figures = { shown_ms: Math.round(shown), interactive_ms: interactive, frame_median_ms: median, frame_p95_ms: p95, cpu_ms_per_frame, heap_mb: Math.round(usedSize / 1e6), rows };
  console.info(`10 000 lines: ${JSON.stringify(figures)}`); // eslint-disable-line no-console -- the figures are what it is for
  expect(rows, "only what can be seen is in the page").toBeLessThan(120);
  expect(shown).toBeLessThan(8000);
  expect(cpu_ms_per_frame, "work of the main thread; a frame has 16.7 ms").toBeLessThan(16);
  expect(usedSize).toBeLessThan(150e6);
});

/** What the main thread has worked so far. */
async function busySeconds(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find((metric) => metric.name === "TaskDuration")!.value;
}

/** Milliseconds from frame to frame while two hundred steps of a wheel go by. */
async function scrolled(page: Page): Promise<number[]> {
  await page.evaluate(() => {
    const frames: number[] = [];
    let last = performance.now();
    const next = (now: number) => {
      frames.push(Math.round(10 * (now - last)) / 10);
      last = now;
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
    (window as unknown as { frames: number[] }).frames = frames;
  });
  for (let step = 0; step < 100; step += 1) {
    await page.mouse.wheel(0, 200);
    await page.waitForTimeout(16); // as fast as somebody who looks for something
  }
  await page.waitForTimeout(300);
  return page.evaluate(() => (window as unknown as { frames: number[] }).frames.slice(2));
}

test("no page needs more than a quarter of a megabyte of JavaScript until it can be read", async ({ page }) => {
  const out = join(REPOSITORY, "frontend-nextjs/out");
  const asked = new Set<string>();
  let needed: string[] | null = null;
  page.on("request", (request) => void asked.add(new URL(request.url()).pathname));
  await page.exposeFunction("isReadable", () => (needed ??= [...asked]));
  await page.addInitScript(() => {
    const isThere = () => document.querySelector("main h1") && (!location.pathname.startsWith("/meetings/") || document.querySelector("article"));
    const observer = new MutationObserver(() => {
      if (!isThere()) return;
      observer.disconnect();
      (window as unknown as { isReadable: () => void }).isReadable();
    });
    observer.observe(document, { childList: true, subtree: true });
  });
  const weight = (paths: Iterable<string>) =>
    [...paths].filter((path) => path.endsWith(".js")).reduce((sum, path) => sum + gzipSync(readFileSync(join(out, path)), { level: 9 }).length, 0);

  const sizes: Record<string, { first: number; later?: number }> = {};
  for (const path of ["/", `/meetings/${meetingId}`, "/search?q=budget", "/voices", "/account", "/admin"]) {
    asked.clear();
    needed = null;
    await page.goto(path);
    await expect.poll(() => needed?.length ?? 0).toBeGreaterThan(0);
    const first = weight(needed!);
    if (IS_MEASURED) await page.waitForTimeout(2800);
    sizes[path.replace(meetingId, "_")] = IS_MEASURED ? { first, later: weight(asked) - first } : { first };
  }
  const all = readdirSync(join(out, "_next/static/chunks")).filter((name) => name.endsWith(".js")).length;
  console.info(`JavaScript by page, gzip: ${JSON.stringify(sizes)} (${all} files in all)`); // eslint-disable-line no-console -- as above
  for (const [path, { first }] of Object.entries(sizes)) {
    expect(first, path).toBeGreaterThan(100_000); // it was counted
    expect(first, path).toBeLessThan(JS_LIMIT_BYTES);
  }
});
