/** Colours and short names of a meeting's speakers. */

const COLOURS = 8;

/** For `data-speaker`: which of the eight colours a label has; the ninth speaker has the first one's again. */
export function speakerColour(label: string | null | undefined): string {
  const number = label?.match(/(\d+)$/)?.[1];
  return number === undefined ? "none" : String(Number(number) % COLOURS);
}

/** `SPEAKER_03` → 4: people count from one. */
export function speakerNumber(label: string): number {
  return Number(label.match(/(\d+)$/)?.[1] ?? 0) + 1;
}

/** `Claire Martin` → `CM`; `June` → `J`. */
export function initials(name: string): string {
  const parts = name.trim().split(/[\s-]+/).filter(Boolean);
  const first = [...(parts[0] ?? "")][0] ?? "";
  const last = parts.length > 1 ? ([...(parts.at(-1) ?? "")][0] ?? "") : "";
  return (first + last).toUpperCase();
}
