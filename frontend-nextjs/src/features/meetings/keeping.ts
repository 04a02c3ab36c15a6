/** How long a meeting's recording and the meeting itself are kept: what is chosen, and whether that removes something now. */
import type { Meeting } from "@/lib/api/meetings";
import type { Schemas } from "@/lib/api/client";

type Rule = Schemas["RuleKind"];
export type Part = "audio" | "results";
export type Wish = Record<Part, { rule: Rule; days: string }>;
type Retention = Meeting["retention"];
type Change = Schemas["RetentionIn"];

const PARTS: readonly Part[] = ["audio", "results"];
const DAY_MS = 86_400_000;
const MOST_DAYS = 36_500;
const USUAL_DAYS = 90;

export function wishOf(retention: Retention): Wish {
  const of = ({ rule, days }: Retention[Part]) => ({ rule, days: String(days === null ? USUAL_DAYS : Math.max(1, Math.round(days))) });
  return { audio: of(retention.audio), results: of(retention.results) };
}

function isNoNumberOfDays(days: string): boolean {
  const number = Number(days);
  return !/^\d+$/.test(days.trim()) || number < 1 || number > MOST_DAYS;
}

/** Which of them has no number of days although it wants one. */
export function mistakeIn(wish: Wish, part: Part): boolean {
  return wish[part].rule === "days" && isNoNumberOfDays(wish[part].days);
}

export function isMistaken(wish: Wish): boolean {
  return PARTS.some((part) => mistakeIn(wish, part));
}

/** What is to be sent; null: nothing was changed. */
export function changesOf(wish: Wish, before: Retention): Change | null {
  const old = wishOf(before);
  const changed = PARTS.filter((part) => wish[part].rule !== old[part].rule || (wish[part].rule === "days" && wish[part].days.trim() !== old[part].days));
  if (changed.length === 0) return null;
  const sent = (part: Part) => (wish[part].rule === "days" ? { rule: wish[part].rule, days: Number(wish[part].days) } : { rule: wish[part].rule });
  return Object.fromEntries(changed.map((part) => [part, sent(part)]));
}

/** Whether a number of days is over already: then it goes within the hour, and that is asked first. */
export function isDueNow(change: Change | null, meeting: Pick<Meeting, "published_at" | "created_at">, now = Date.now()): boolean {
  const since = new Date(meeting.published_at ?? meeting.created_at).getTime();
  return PARTS.some((part) => {
    const days = change?.[part]?.days;
    return typeof days === "number" && since + days * DAY_MS <= now;
  });
}
