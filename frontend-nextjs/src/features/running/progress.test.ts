import { describe, expect, it } from "vitest";
import { failureKind, isMuchLost, speedOf, STAGES, stepsOf, waitOf } from "./progress";

const cost = { seconds: 2.4, cpu_seconds: 4, peak_rss_mb: 300, is_reused: false };

describe("the steps of a run", () => {
  it("are done up to the one that is under way", () => {
    const steps = stepsOf({ status: "PROCESSING", stage: "identify", stage_percent: 40, stages: [{ stage: "convert", ...cost }, { stage: "diarize", ...cost, is_reused: true }] });
    expect(steps.map((step) => step.state)).toEqual(["done", "done", "active", "todo", "todo"]);
    expect(steps[1]).toMatchObject({ seconds: 2.4, isReused: true, percent: 100 });
    expect(steps[2]).toMatchObject({ percent: 40, seconds: null });
  });
  it("between two stages none is under way", () => {
    const steps = stepsOf({ status: "PROCESSING", stage: "diarize", stage_percent: 100, stages: [] });
    expect(steps.map((step) => step.state)).toEqual(["done", "done", "todo", "todo", "todo"]);
  });
  it("of a run that waits are all to do, whatever an earlier run left", () => {
    const steps = stepsOf({ status: "PENDING", stage: null, stage_percent: 0, stages: STAGES.map((stage) => ({ stage, ...cost })) });
    expect(steps.every((step) => step.state === "todo" && step.seconds === null)).toBe(true);
  });
  it("of a failed run stop where it failed", () => {
    const steps = stepsOf({ status: "FAILED", stage: "transcribe", stage_percent: 30, stages: [] });
    expect(steps.map((step) => step.state)).toEqual(["done", "done", "done", "todo", "todo"]);
  });
});

it("a speed is said when there is one to say", () => {
  expect(speedOf(3600, 300, 600)).toBe(4);
  expect(speedOf(3600, 60, 60)).toBe(30);
  expect(speedOf(3600, 2, 600)).toBeNull();
  expect(speedOf(null, 300, 600)).toBeNull();
  expect(speedOf(60, 30, 30)).toBeNull();
});

it("a time to wait is the finer the closer it is", () => {
  expect(waitOf(3)).toEqual({ kind: "moment" });
  expect(waitOf(31)).toEqual({ kind: "seconds", seconds: 40 });
  expect(waitOf(58)).toEqual({ kind: "minutes", seconds: 60 });
  expect(waitOf(200)).toEqual({ kind: "minutes", seconds: 180 });
});

it("cancelling asks only when a minute of work is at stake", () => {
  expect(isMuchLost(59)).toBe(false);
  expect(isMuchLost(60)).toBe(true);
});

it("a failure is somebody's", () => {
  expect(failureKind("audio.not_audio")).toBe("recording");
  expect(failureKind("engine.crashed")).toBe("room");
  expect(failureKind("model.missing")).toBe("models");
  expect(failureKind("storage.unavailable")).toBe("worker");
  expect(failureKind("internal.error")).toBe("bug");
});
