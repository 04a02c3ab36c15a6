import { describe, expect, it } from "vitest";
import { exportAddress, nameIn } from "./exports";

describe("the name of an exported file", () => {
  it("is the full one, accents and all", () => {
    expect(nameIn("attachment; filename=\"Comit_.pdf\"; filename*=UTF-8''Comit%C3%A9%20du%203%20mars.pdf")).toBe("Comité du 3 mars.pdf");
  });
  it("is the plain one where there is no other", () => {
    expect(nameIn('attachment; filename="minutes.txt"')).toBe("minutes.txt");
  });
  it("is the plain one where the full one is broken", () => {
    expect(nameIn("attachment; filename=\"minutes.txt\"; filename*=UTF-8''%E9")).toBe("minutes.txt");
  });
  it("is nothing where nothing is said", () => {
    expect(nameIn(null)).toBeNull();
  });
});

it("asks for headings in the chosen language", () => {
  expect(exportAddress({ meetingId: "m", format: "pdf", language: "fr" })).toBe("/api/v1/meetings/m/exports/pdf?language=fr");
});
