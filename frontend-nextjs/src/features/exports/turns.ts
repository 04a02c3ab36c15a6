/** Segments as they are read on paper: one heading for all that somebody says at a stretch. */

export interface Spoken {
  start: number;
  speaker: string | null;
  name: string | null;
  text: string;
}

export interface Turn {
  start_s: number;
  speaker: string | null;
  name: string | null;
  paragraphs: string[];
}

/** From so many characters on a paragraph ends with its segment. */
const LONG = 600;

export function turnsOf(segments: readonly Spoken[]): Turn[] {
  const turns: Turn[] = [];
  for (const { start, speaker, name, text } of segments) {
    const said = text.trim();
    if (said === "") continue;
    const last = turns.at(-1);
    if (!last || last.speaker !== speaker || last.name !== name) {
      turns.push({ start_s: start, speaker, name, paragraphs: [said] });
      continue;
    }
    const paragraph = last.paragraphs.at(-1) ?? "";
    if (paragraph.length >= LONG) last.paragraphs.push(said);
    else last.paragraphs[last.paragraphs.length - 1] = `${paragraph} ${said}`;
  }
  return turns;
}
