import { describe, expect, it } from "vitest";
import { dayOfFile, metadataOf, problemOf, tagsIn, titleOf } from "./files";

const bytes = (...list: number[]) => new Uint8Array(list);
const text = (words: string) => new TextEncoder().encode(words);
const FLAC = bytes(0x66, 0x4c, 0x61, 0x43, 0x00, 0x00, 0x00, 0x22);

describe("a file before it is sent", () => {
  it("may be a recording, whatever its name", () => {
    expect(problemOf("a.flac", 8, FLAC, null)).toBeNull();
    expect(problemOf("a.pdf", 8, FLAC, 100)).toBeNull();
    expect(problemOf("a.mp3", 8, bytes(0x49, 0x44, 0x33, 0x04, 0x00, 0x00), null)).toBeNull();
    expect(problemOf("a.mp3", 8, bytes(0xff, 0xfb, 0x90, 0x64, 0x00), null)).toBeNull();
  });

  it("is none when it is empty, too large, or plainly something else", () => {
    expect(problemOf("a.flac", 0, bytes(), null)).toBe("empty");
    expect(problemOf("a.flac", 101, FLAC, 100)).toBe("too-large");
    expect(problemOf("a.mp3", 9, text("%PDF-1.7 "), null)).toBe("pdf");
    expect(problemOf("a.zip", 9, bytes(0x50, 0x4b, 3, 4, 0), null)).toBe("archive");
    expect(problemOf("a.docx", 9, bytes(0x50, 0x4b, 3, 4, 0), null)).toBe("document");
    expect(problemOf("a.mp3", 9, bytes(0x89, 0x50, 0x4e, 0x47, 0), null)).toBe("image");
    expect(problemOf("a.mp3", 20, text("Compte rendu : été\n"), null)).toBe("text");
  });

  it("is not called text because its first bytes end in the middle of a letter", () => {
    expect(problemOf("a.txt", 20, text("été").slice(0, 4), null)).toBe("text");
  });
});

it("a title is the name without its ending", () => {
  expect(titleOf("comite_de_rentree.m4a")).toBe("comite de rentree");
  expect(titleOf("Conseil n° 3.5.mp3")).toBe("Conseil n° 3.5");
  expect(titleOf(".wav")).toBe(".wav");
});

describe("the day of a recording", () => {
  const now = new Date(2026, 10, 23, 12).getTime();
  it("is told by its name", () => {
    for (const name of ["2026-03-12 comité.m4a", "comite_20260312.wav", "Réunion 12.03.2026.mp3", "GMT20260312-090000_Recording.m4a"]) expect(dayOfFile(name, now, now)).toBe("2026-03-12");
  });
  it("is that of the file where the name tells none, or nonsense, or the future", () => {
    const before = new Date(2026, 9, 2, 8).getTime();
    for (const name of ["a.m4a", "2026-13-40.m4a", "2027-01-01.m4a", "1234567890123.wav"]) expect(dayOfFile(name, before, now)).toBe("2026-10-02");
  });
  it("is not known of a file without a time", () => {
    expect(dayOfFile("a.m4a", 0, now)).toBeUndefined();
  });
});

it("only what is wished is said", () => {
  expect(metadataOf("a.flac", "", { title: " ", tags: [] })).toEqual({ filename: "a.flac" });
  expect(metadataOf("a.flac", "audio/flac", { title: "A", heldOn: "2026-01-02", tags: ["x", "y"], language: "fr", speakers: 3, vocabulary: "Brocksley", isDuplicateWelcome: true })).toEqual({
    filename: "a.flac", filetype: "audio/flac", title: "A", held_on: "2026-01-02", tags: "x,y", language: "fr", speakers: "3", vocabulary: "Brocksley", duplicate: "process",
  });
});

it("tags are separated by commas and stand once", () => {
  expect(tagsIn(" budget, Équipe ,, équipe;plan  A ")).toEqual(["budget", "Équipe", "plan A"]);
});
