import { expect, it } from "vitest";
import { dbfs, elapsedMs, endingOf, HEARD_DBFS, meter, running, stopped, type Watch } from "./level";

it("a full-scale square is 0 dBFS, a tenth of it -20, silence far below what is heard", () => {
  expect(dbfs(new Float32Array([1, -1, 1, -1]))).toBeCloseTo(0);
  expect(dbfs(new Float32Array([0.1, -0.1]))).toBeCloseTo(-20);
  expect(dbfs(new Float32Array(8))).toBeLessThan(HEARD_DBFS);
  expect(dbfs(new Float32Array(0))).toBeLessThan(HEARD_DBFS);
});

it("the meter is empty at -60 dBFS and full at 0", () => {
  expect([-100, -60, -30, 0, 6].map(meter)).toEqual([0, 0, 0.5, 1, 1]);
});

it("a pause does not count, and running twice changes nothing", () => {
  let watch: Watch = running({ beforeMs: 0, runningSinceMs: null }, 1000);
  watch = stopped(watch, 4000);
  expect(elapsedMs(watch, 99_000)).toBe(3000);
  watch = running(running(watch, 10_000), 11_000);
  expect(elapsedMs(watch, 12_000)).toBe(5000);
});

it("files end as their players expect", () => {
  expect(["audio/webm;codecs=opus", "audio/mp4", "audio/ogg"].map(endingOf)).toEqual(["webm", "m4a", "ogg"]);
});
