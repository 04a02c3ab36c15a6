import { describe, expect, it } from "vitest";
import { strengthOf } from "./strength";

describe("how good a password looks", () => {
  it.each([
    ["three", "short"],
    ["aaaaaaaaaaaaaaa", "weak"],
    ["1234567890", "weak"],
    ["azertyuiop12", "weak"],
    ["password123!", "weak"],
    ["claireclaire1", "weak"],
    ["vTq8kd0wZx", "fair"],
    ["three words are fine", "good"],
    ["chaise lune cactus", "good"],
    ["長いパスワードはとても安全です本当", "good"],
  ])("%s is %s", (password, expected) => expect(strengthOf(password, "claire")).toBe(expected));
});
