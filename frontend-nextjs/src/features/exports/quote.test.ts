import { describe, expect, it } from "vitest";
import { momentAddress } from "@/lib/moment";
import { quoteOf } from "./quote";

const said = {
  text: " On garde <deux> bureaux & c'est tout. ",
  speaker: "June",
  start_s: 754.4,
  title: "Comité de direction",
  origin: "https://scribe.example.org",
  meetingId: "0199",
};

describe("a quote", () => {
  it("is written as the French write one", () => {
    expect(quoteOf({ ...said, language: "fr" }).text).toBe(
      "«\u202fOn garde <deux> bureaux & c'est tout.\u202f» — June, Comité de direction, 12:34\nhttps://scribe.example.org/meetings/0199?t=754.1",
    );
  });
  it("is written as the English write one", () => {
    expect(quoteOf({ ...said, language: "en" }).text).toContain("“On garde <deux> bureaux & c'est tout.” — June");
  });
  it("is safe as HTML, the time a link", () => {
    const { html } = quoteOf({ ...said, language: "en" });
    expect(html).toContain("On garde &lt;deux&gt; bureaux &amp; c'est tout.");
    expect(html).toContain('<a href="https://scribe.example.org/meetings/0199?t=754.1">12:34</a>');
  });
  it("never points before the beginning", () => {
    expect(momentAddress("m", 0.1)).toBe("/meetings/m?t=0");
  });
  it("may say what to look for there", () => {
    expect(momentAddress("m", 3, "a & b")).toBe("/meetings/m?t=2.8&q=a%20%26%20b");
  });
});
