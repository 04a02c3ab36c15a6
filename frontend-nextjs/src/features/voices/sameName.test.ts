import { describe, expect, it } from "vitest";
import { isSameName } from "./sameName";

describe("a name that is typed to confirm", () => {
  it.each([
    ["Hélène Dupré", "helene dupre"],
    ["Jean-Luc d’Arc", " jean luc d'arc "],
    ["李雷", "李雷"],
    ["’", "’"],
  ])("%s may be typed %j", (name, typed) => expect(isSameName(typed, name)).toBe(true));

  it.each(["", " ", "Claire", "Claire Martine"])("Claire Martin is not %j", (typed) => expect(isSameName(typed, "Claire Martin")).toBe(false));
  it("is never nothing", () => expect(isSameName("-", "’")).toBe(false));
});
