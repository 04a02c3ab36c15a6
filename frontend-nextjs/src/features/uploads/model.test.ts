import { describe, expect, it } from "vitest";
import { after, isOpen, overall, sampled, secondsLeft, speedOf, verdictOn, type Happening, type Item, type Sample } from "./model";

const NEW: Item = { id: "a", fileName: "a.flac", sizeBytes: 1000, sentBytes: 0, bytesPerS: null, wishes: {}, state: { kind: "waiting" }, isKept: false };

function story(item: Item, ...happenings: Happening[]): Item {
  return happenings.reduce(after, item);
}

describe("an upload", () => {
  it("goes from waiting to a meeting", () => {
    const done = story(NEW, { kind: "started" }, { kind: "progress", sentBytes: 400, bytesPerS: 10 }, { kind: "sent" }, { kind: "done", meetingId: "m", isDuplicate: false });
    expect(done).toMatchObject({ state: { kind: "done", meetingId: "m" }, sentBytes: 1000 });
  });

  it("keeps what is safe when it is paused, stuck, and goes on", () => {
    const sending = story(NEW, { kind: "started" }, { kind: "progress", sentBytes: 400, bytesPerS: 10 });
    for (const stop of [{ kind: "paused" }, { kind: "stuck", why: "network" }] as Happening[]) {
      expect(story(sending, stop, { kind: "resumed" })).toMatchObject({ sentBytes: 400, state: { kind: "waiting" }, bytesPerS: null });
    }
  });

  it("does not listen to late news of a request that does not count any more", () => {
    const paused = story(NEW, { kind: "started" }, { kind: "paused" });
    expect(story(paused, { kind: "progress", sentBytes: 900, bytesPerS: 1 })).toBe(paused);
    expect(story(paused, { kind: "stuck", why: "network" })).toBe(paused);
    const done = story(NEW, { kind: "started" }, { kind: "done", meetingId: "m", isDuplicate: false });
    expect(story(done, { kind: "refused", code: "x", detail: "" })).toBe(done);
  });

  it("that was there before is only sent again when somebody wants it, and says so then", () => {
    const duplicate = story(NEW, { kind: "started" }, { kind: "done", meetingId: "old", isDuplicate: true });
    expect(duplicate.state).toEqual({ kind: "duplicate", meetingId: "old" });
    expect(story(duplicate, { kind: "wanted-again" })).toMatchObject({ sentBytes: 0, state: { kind: "waiting" }, wishes: { isDuplicateWelcome: true } });
  });

  it("whose file is lost goes on where it was once the same file is given", () => {
    const missing = story({ ...NEW, sentBytes: 400 }, { kind: "file-missing" });
    expect(story(missing, { kind: "wrong-file" }).state).toEqual({ kind: "missing", isWrongFile: true });
    expect(story(missing, { kind: "wrong-file" }, { kind: "file-given" })).toMatchObject({ state: { kind: "waiting" }, sentBytes: 400 });
  });

  it("begins anew where the server has forgotten it", () => {
    expect(story({ ...NEW, sentBytes: 400 }, { kind: "started" }, { kind: "restarted" })).toMatchObject({ state: { kind: "waiting" }, sentBytes: 0 });
  });
});

it("leaving the page interrupts only what is on its way", () => {
  expect(isOpen(NEW)).toBe(true);
  expect(isOpen(story(NEW, { kind: "paused" }))).toBe(false);
  expect(isOpen(story(NEW, { kind: "started" }, { kind: "done", meetingId: "m", isDuplicate: false }))).toBe(false);
});

it("the whole counts bytes, not files", () => {
  expect(overall([])).toBe(0);
  expect(overall([{ ...NEW, sentBytes: 500 }, { ...NEW, sizeBytes: 3000, sentBytes: 0 }])).toBe(12.5);
});

describe("speed", () => {
  it("is that of the last seconds", () => {
    let samples: Sample[] = [];
    for (let second = 0; second <= 20; second += 1) samples = sampled(samples, { atMs: 1000 * second, bytes: second < 10 ? 0 : (second - 10) * 100 });
    expect(speedOf(samples)).toBe(100);
    expect(secondsLeft({ ...NEW, sentBytes: 500, bytesPerS: 100 })).toBe(5);
  });

  it("is not told of less than a second, nor across a step back", () => {
    expect(speedOf(sampled([{ atMs: 0, bytes: 0 }], { atMs: 500, bytes: 100 }))).toBeNull();
    expect(sampled([{ atMs: 0, bytes: 500 }], { atMs: 900, bytes: 100 })).toEqual([{ atMs: 900, bytes: 100 }]);
    expect(secondsLeft(NEW)).toBeNull();
  });
});

describe("a refused request", () => {
  it("is sent again, later and later, while nobody answers", () => {
    expect(verdictOn(0, "", 0, false, null)).toEqual({ kind: "again", why: "network", inMs: 1000 });
    expect(verdictOn(0, "", 99, true, null)).toEqual({ kind: "again", why: "service", inMs: 30_000 });
    expect(verdictOn(502, "http.502", 2, true, null)).toEqual({ kind: "again", why: "service", inMs: 4000 });
  });

  it("waits for what only a human can mend", () => {
    expect(verdictOn(401, "access.not_signed_in", 0, true, null)).toMatchObject({ kind: "again", why: "signed-out" });
    expect(verdictOn(507, "resource.exhausted", 0, true, null)).toMatchObject({ kind: "again", why: "disk-full" });
    expect(verdictOn(429, "request.rate_limited", 0, true, 90)).toEqual({ kind: "again", why: "too-many", inMs: 90_000 });
  });

  it("begins anew where the upload has expired, and ends where the file is at fault", () => {
    expect(verdictOn(404, "request.not_found", 0, true, null)).toEqual({ kind: "restart" });
    expect(verdictOn(422, "audio.not_audio", 0, true, null)).toEqual({ kind: "refused" });
    expect(verdictOn(413, "upload.too_large", 0, true, null)).toEqual({ kind: "refused" });
  });
});
