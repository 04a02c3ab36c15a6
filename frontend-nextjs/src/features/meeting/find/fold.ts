/** Text as one searches it: case, accents, ligatures and kinds of quotes and spaces count as the same. */

const SAME: Record<string, string> = {
  œ: "oe", æ: "ae", ß: "ss", ø: "o", đ: "d", ł: "l", ı: "i",
  "’": "'", "‘": "'", "ʼ": "'", "“": '"', "”": '"', "«": '"', "»": '"',
  "–": "-", "—": "-", "‑": "-",
  "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\n": " ", "\t": " ",
};
const MARKS = /\p{M}+/gu;

/** One character, which may become two or none. */
function foldedCharacter(character: string): string {
  if (character >= " " && character <= "~") return character.toLowerCase();
  const lower = character.toLowerCase();
  return SAME[lower] ?? lower.normalize("NFKD").replace(MARKS, "");
}

export interface Folded {
  text: string;
  /** For each folded character where it came from; null: the places are the same. */
  places: Uint32Array | null;
}

export function fold(text: string): Folded {
  let folded = "";
  const places: number[] = [];
  let isShifted = false;
  let at = 0;
  for (const character of text) {
    const part = foldedCharacter(character);
    if (part.length !== character.length) isShifted = true;
    for (let i = 0; i < part.length; i += 1) places.push(at);
    folded += part;
    at += character.length;
  }
  return { text: folded, places: isShifted ? Uint32Array.from(places) : null };
}

/** Ranges of the original text, from and up to, without overlap. An empty query is nowhere. */
export function rangesOf({ text, places }: Folded, query: string, length: number): [number, number][] {
  const found: [number, number][] = [];
  if (query === "") return found;
  for (let at = text.indexOf(query); at >= 0; at = text.indexOf(query, at + query.length)) {
    const end = at + query.length;
    // Up to where the next character begins: accents that were left out belong to the last one.
    found.push(places ? [places[at]!, after(places, end) ?? length] : [at, end]);
  }
  return found;
}

/** In the middle of a ligature the whole of it counts. */
function after(places: Uint32Array, end: number): number | undefined {
  let next = end;
  while (next < places.length && places[next] === places[end - 1]) next += 1;
  return places[next];
}
