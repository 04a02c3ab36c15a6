import { describe, expect, it } from "vitest";
import { meterLevel, recordingFormat } from "./mime";

describe("a recording", () => {
  it("is in the first format that the browser knows", () => {
    expect(recordingFormat(() => true)?.extension).toBe("webm");
    expect(recordingFormat((type) => type === "audio/mp4")).toEqual({ type: "audio/mp4", extension: "m4a" });
    expect(recordingFormat(() => false)).toBeNull();
  });
});

describe("the meter", () => {
  const tone = (amplitude: number) => new Float32Array(1000).map((_, i) => amplitude * Math.sin(i / 5));
  it("is empty in silence and full at full scale", () => {
    expect(meterLevel(new Float32Array(100))).toBe(0);
    expect(meterLevel(new Float32Array(0))).toBe(0);
    expect(meterLevel(new Float32Array(100).fill(1))).toBe(1);
  });
  it("goes with loudness as ears do", () => {
    const [quiet, usual, loud] = [meterLevel(tone(0.003)), meterLevel(tone(0.05)), meterLevel(tone(0.8))];
    expect(quiet).toBeGreaterThan(0);
    expect(usual).toBeGreaterThan(quiet + 0.2);
    expect(loud).toBeGreaterThan(usual + 0.2);
  });
});
