import { describe, expect, it } from "vitest";
import { Steps } from "./steps";

describe("steps of undo", () => {
  it("takes the last one back first", () => {
    const steps = new Steps();
    steps.did("a", "1");
    steps.did("b", "2");
    expect(steps.undo()).toEqual(["b"]);
    expect(steps.undo()).toEqual(["a"]);
    expect(steps.undo()).toEqual([]);
    expect([steps.canUndo, steps.canRedo]).toEqual([false, true]);
  });
  it("takes autosaves of one visit back as one, the latest first, and makes them again in their order", () => {
    const steps = new Steps();
    for (const edit of ["a", "b", "c"]) steps.did(edit, "visit");
    expect(steps.undo()).toEqual(["c", "b", "a"]);
    expect(steps.redo()).toEqual(["a", "b", "c"]);
    expect(steps.undo()).toEqual(["c", "b", "a"]);
  });
  it("begins another step after a step was made again", () => {
    const steps = new Steps();
    steps.did("a", "visit");
    steps.undo();
    steps.redo();
    steps.did("b", "visit");
    expect(steps.undo()).toEqual(["b"]);
  });
  it("forgets what was undone when something new is done", () => {
    const steps = new Steps();
    steps.did("a", "1");
    steps.undo();
    steps.did("b", "2");
    expect(steps.redo()).toEqual([]);
  });
  it("knows nothing of what was refused", () => {
    const steps = new Steps();
    steps.did("a", "1");
    steps.did("b", "1");
    steps.forget("b");
    expect(steps.undo()).toEqual(["a"]);
    steps.forget("a");
    expect([steps.canUndo, steps.canRedo]).toEqual([false, false]);
  });
  it("outlives a reload", () => {
    const steps = new Steps();
    steps.did("a", "1");
    steps.did("b", "2");
    steps.undo();
    const { done, undone } = steps.kept();
    const again = new Steps(done, undone);
    expect(again.redo()).toEqual(["b"]);
    expect([...again.known()].sort()).toEqual(["a", "b"]);
  });
});
