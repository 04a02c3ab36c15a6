import { describe, expect, it } from "vitest";
import { initials, speakerColour, speakerNumber } from "./speakers";

describe("a speaker", () => {
  it("has the colour of the label, the ninth that of the first", () => {
    expect(speakerColour("SPEAKER_00")).toBe("0");
    expect(speakerColour("SPEAKER_07")).toBe("7");
    expect(speakerColour("SPEAKER_08")).toBe("0");
    expect(speakerColour("SPEAKER_113")).toBe("1");
  });
  it("whom nobody knows has none", () => {
    expect(speakerColour(null)).toBe("none");
    expect(speakerColour(undefined)).toBe("none");
  });
  it("is counted from one", () => {
    expect(speakerNumber("SPEAKER_00")).toBe(1);
    expect(speakerNumber("SPEAKER_11")).toBe(12);
  });
});

describe("initials", () => {
  it("are those of the first and the last name", () => {
    expect(initials("Claire Martin")).toBe("CM");
    expect(initials("Jean-Baptiste de la Tour")).toBe("JT");
    expect(initials("  June  ")).toBe("J");
  });
  it("are whole characters in every script", () => {
    expect(initials("éric Ödegård")).toBe("ÉÖ");
    expect(initials("𝒜lice 𝒲ang")).toBe("𝒜𝒲");
    expect(initials("王小明")).toBe("王");
  });
  it("of nobody are nothing", () => {
    expect(initials("")).toBe("");
  });
});
