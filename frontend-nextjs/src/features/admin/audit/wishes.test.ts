import { describe, expect, it } from "vitest";
import { auditExportUrl } from "@/lib/api/audit";
import { ALL, filtersOf } from "./wishes";

describe("what of the audit log is looked at", () => {
  it("is everything at first", () => {
    expect(filtersOf(ALL)).toEqual({});
  });
  it("takes in everything of an area, by its beginning", () => {
    expect(filtersOf({ ...ALL, area: "speaker" })).toEqual({ action: ["speaker.", "speakers."] });
  });
  it("has both days whole", () => {
    const { at_from, at_to } = filtersOf({ ...ALL, from: "2026-11-20", to: "2026-11-20" });
    expect(new Date(at_to!).getTime() - new Date(at_from!).getTime()).toBe(86_400_000);
    expect(new Date(at_from!).getHours()).toBe(0);
  });
  it("is what is exported", () => {
    expect(auditExportUrl("csv", filtersOf({ ...ALL, area: "recording", user: "u-1" }))).toBe("/api/v1/audit/export?format=csv&action=recording.&action=sample.&user=u-1");
  });
});
