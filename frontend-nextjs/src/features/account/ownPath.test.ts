import { describe, expect, it } from "vitest";
import { ownPath } from "./ownPath";

const ORIGIN = "https://scribe.example";
const after = (to: string) => ownPath(`?to=${encodeURIComponent(to)}`, ORIGIN);

describe("where to go after signing in", () => {
  it("is where the reader wanted to go, with its question and its place", () => {
    expect(after("/meetings/1?t=75#here")).toBe("/meetings/1?t=75#here");
  });

  it.each([
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "/\t/evil.example",
    "/%5C..//evil.example".replace("%5C", "\\"),
    "/.//evil.example",
    "/a/..//evil.example",
    "javascript:alert(1)",
    "evil.example",
    "",
  ])("never is another site: %j", (to) => {
    const path = after(to);
    expect(new URL(path, ORIGIN).origin).toBe(ORIGIN);
    expect(path.startsWith("//")).toBe(false);
  });

  it("never is the sign-in again", () => {
    expect(after("/sign-in?to=/sign-in")).toBe("/");
    expect(after("/welcome")).toBe("/");
  });
});
