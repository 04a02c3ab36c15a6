import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isUsername } from "./username";

describe("a user name", () => {
  it("is what the API takes", () => {
    const described = JSON.parse(readFileSync(new URL("../../../../../docs/openapi.json", import.meta.url), "utf8")) as {
      components: { schemas: { UserIn: { properties: { username: { pattern: string; minLength: number; maxLength: number } } } } };
    };
    const { pattern, minLength, maxLength } = described.components.schemas.UserIn.properties.username;
    for (const name of ["claire", "c.martin@example.org", "a-b_c", "a", "é", "a b", "x".repeat(64), "x".repeat(65), ""]) {
      expect(isUsername(name), name).toBe(new RegExp(pattern).test(name) && name.length >= minLength && name.length <= maxLength);
    }
  });
});
