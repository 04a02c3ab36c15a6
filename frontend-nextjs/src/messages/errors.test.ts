/** Every error of the service has a sentence in both languages: docs/errors.md is the list. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import en from "./en/errors.json";
import fr from "./fr/errors.json";

/** Those of the first table; the second one's are warnings. */
function codes(): string[] {
  const page = readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8").split("\n## Warnings")[0]!;
  return [...page.matchAll(/^\| `([a-z_.]+)` \|/gm)].map((match) => match[1]!);
}

describe.each(Object.entries({ en, fr }) as [string, Record<string, string>][])("errors in %s", (_, catalogue) => {
  it("holds a sentence for each code of docs/errors.md", () => {
    const known = codes();
    expect(known.length).toBeGreaterThan(40);
    expect(known.filter((code) => !catalogue[code.replaceAll(".", "_")])).toEqual([]);
  });

  it("holds sentences: with a point, without a code", () => {
    for (const sentence of Object.values(catalogue)) expect(sentence).toMatch(/[.…)]$/);
  });
});
