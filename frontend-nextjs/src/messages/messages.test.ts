/** The catalogues: complete in both languages, all of it used, and written as each language is. */
import { parse, TYPE, type MessageFormatElement } from "@formatjs/icu-messageformat-parser"; // of next-intl
import { describe, expect, it } from "vitest";
import en from "./en";
import fr from "./fr";
import { fits, readFile, usageIn, type Usage } from "./usage";

interface Tree {
  [key: string]: string | Tree;
}

/** Every text by its key with the namespace before: `shell.product`. */
function flat(tree: Tree, before = ""): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) => (typeof value === "string" ? [[before + key, value] as [string, string]] : flat(value, `${before}${key}.`)));
}

const CATALOGUES = { fr: new Map(flat(fr)), en: new Map(flat(en)) };
const LANGUAGES = ["fr", "en"] as const;
const NAMESPACES = Object.keys(en);

/** Where a sign is meant as it is typed: into a box, or as a key. */
const TYPED = new Set(["search.tip.phraseExample", "account.keys.about"]);

describe("the two catalogues", () => {
  it("have the same keys", () => {
    expect([...CATALOGUES.fr.keys()].sort()).toEqual([...CATALOGUES.en.keys()].sort());
  });

  it("hold no empty text", () => {
    expect(LANGUAGES.flatMap((language) => [...CATALOGUES[language]].filter(([, text]) => text.trim() === "").map(([key]) => `${language} ${key}`))).toEqual([]);
  });

  it("take the same arguments", () => {
    const different = [...CATALOGUES.en.keys()].filter((key) => {
      const [inFrench, inEnglish] = [CATALOGUES.fr.get(key), CATALOGUES.en.get(key)];
      return inFrench !== undefined && inEnglish !== undefined && argumentsOf(inFrench) !== argumentsOf(inEnglish);
    });
    expect(different).toEqual([]);
  });
});

describe("the sources", () => {
  const usage = usageIn("src", NAMESPACES);
  const candidates = usage.wanted.flatMap(({ namespaces, key, ...place }) => ({ ...place, shapes: namespaces.map((namespace) => (namespace === "" ? key : `${namespace}.${key}`)) }));

  it("ask for messages that are there", () => {
    const missing = candidates.filter(({ shapes }) => !shapes.some((shape) => [...CATALOGUES.en.keys()].some((key) => fits(key, shape))));
    expect(missing.map(({ file, line, shapes }) => `${file}:${line} ${shapes.join(" or ")}`)).toEqual([]);
  });

  /** Errors have a test of their own: their keys are the service's codes. */
  it("use every message", () => {
    const shapes = new Set(candidates.flatMap((candidate) => candidate.shapes));
    for (const { namespaces, texts } of usage.computed) {
      for (const text of texts) for (const namespace of namespaces) shapes.add(namespace === "" ? text : `${namespace}.${text}`);
    }
    const [exact, templates] = [new Set([...shapes].filter((shape) => !shape.includes("*"))), [...shapes].filter((shape) => /[^.*].*\.[^*]/.test(shape) && shape.includes("*"))];
    const unused = [...CATALOGUES.en.keys()].filter((key) => !key.startsWith("errors.") && !exact.has(key) && !templates.some((shape) => fits(key, shape)));
    expect(unused).toEqual([]);
  });
});

describe("typography", () => {
  const written = (language: "fr" | "en") => [...CATALOGUES[language]].flatMap(([key, text]) => variants(parse(text)).map((variant) => ({ key, variant })));
  const wrong = (language: "fr" | "en", pattern: RegExp) =>
    written(language)
      .filter(({ key, variant }) => !TYPED.has(key) && pattern.test(variant))
      .map(({ key, variant }) => `${key}: ${variant}`);

  it("French signs of two parts have a no-break space before", () => {
    expect(wrong("fr", /[^\u202f\u00a0!?][;!?](?!\w)|[^\u202f\u00a0\d]:(?!\/\/|\d)|\d:(?!\d)/)).toEqual([]);
  });
  it("French quotation marks hold their text with no-break spaces", () => {
    expect(wrong("fr", /«[^\u202f\u00a0]|[^\u202f\u00a0]»|[“”]/)).toEqual([]);
  });
  it.each(LANGUAGES)("apostrophes, quotation marks and ellipses are typographic: %s", (language) => {
    expect(wrong(language, /['"]|\.\.\./)).toEqual([]);
  });
  it("English signs have no space before", () => {
    expect(wrong("en", /\s[;:!?]/)).toEqual([]);
  });
});

describe("reading the sources", () => {
  const read = (text: string) => {
    const usage: Usage = { wanted: [], computed: [] };
    readFile("x.tsx", text, ["a", "b"], usage);
    return usage;
  };
  it("finds literal keys, templates and choices", () => {
    const { wanted } = read('const t = useTranslations("a"); t("one"); t.rich(isIt ? "two" : "three"); t(`status.${status}`);');
    expect(wanted.map(({ namespaces, key }) => [...namespaces, key])).toEqual([["a", "one"], ["a", "two"], ["a", "three"], ["a", "status.*"]]);
  });
  it("does not lose a key that is computed", () => {
    const { computed } = read('const KEYS = { x: "four" }; const t = useTranslations("a"); t(KEYS[x]);');
    expect([...(computed[0]?.texts ?? [])]).toContain("four");
  });
  it("follows a translator that is handed on", () => {
    expect(read('function f(t: ReturnType<typeof useTranslations<"b">>) { return t("one"); }').wanted[0]?.namespaces).toEqual(["b"]);
  });
});

/** Names and kinds, sorted: `count:plural|name:argument`. */
function argumentsOf(text: string): string {
  const found = new Set<string>();
  const look = (elements: MessageFormatElement[]) => {
    for (const element of elements) {
      if (element.type === TYPE.literal || element.type === TYPE.pound) continue;
      found.add(`${element.value}:${element.type === TYPE.tag ? "tag" : "value"}`);
      if (element.type === TYPE.plural || element.type === TYPE.select) Object.values(element.options).forEach((option) => look(option.value));
      if (element.type === TYPE.tag) look(element.children);
    }
  };
  look(parse(text));
  return [...found].sort().join("|");
}

/** What is to be read, arguments as a letter: one text for each branch of a plural. */
function variants(elements: MessageFormatElement[]): string[] {
  return elements.reduce<string[]>(
    (texts, element) => {
      const ends = endsOf(element);
      return texts.flatMap((text) => ends.map((end) => text + end));
    },
    [""],
  );
}

function endsOf(element: MessageFormatElement): string[] {
  if (element.type === TYPE.literal) return [element.value];
  if (element.type === TYPE.plural || element.type === TYPE.select) return Object.values(element.options).flatMap((option) => variants(option.value));
  if (element.type === TYPE.tag) return variants(element.children);
  return ["x"];
}
