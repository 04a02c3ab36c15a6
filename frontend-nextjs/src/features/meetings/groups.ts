/** Under which heading a meeting stands when the list is in order of time. */
import type { Language } from "@/lib/format";
import { dayOf } from "./view";

export type Heading = { kind: "today" } | { kind: "yesterday" } | { kind: "week" } | { kind: "month"; month: string };

export interface Group<M> {
  key: string;
  heading: Heading;
  meetings: M[];
}

/** The day that counts: that of the meeting, or of the upload where it is not known. In this time zone. */
export function dayOfMeeting(meeting: { held_on: string | null; created_at: string }): string {
  return meeting.held_on ?? dayOf(new Date(meeting.created_at));
}

export function headingOf(day: string, today: Date): Heading {
  const ago = Math.round((noon(dayOf(today)) - noon(day)) / 86_400_000);
  if (ago === 0) return { kind: "today" };
  if (ago === 1) return { kind: "yesterday" };
  if (ago > 1 && ago < 7) return { kind: "week" };
  return { kind: "month", month: day.slice(0, 7) };
}

/** In the order given; neighbours under the same heading together. */
export function grouped<M>(meetings: M[], dayOfOne: (meeting: M) => string, today: Date): Group<M>[] {
  const groups: Group<M>[] = [];
  for (const meeting of meetings) {
    const heading = headingOf(dayOfOne(meeting), today);
    const key = heading.kind === "month" ? heading.month : heading.kind;
    const last = groups.at(-1);
    if (last?.key === key) last.meetings.push(meeting);
    else groups.push({ key, heading, meetings: [meeting] });
  }
  return groups;
}

/** `2026-11` → `Novembre 2026`, as it stands in a heading. */
export function monthName(month: string, language: Language): string {
  const name = new Intl.DateTimeFormat(language, { month: "long", year: "numeric" }).format(new Date(`${month}-15T12:00:00`));
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
}

function noon(day: string): number {
  return new Date(`${day}T12:00:00`).getTime();
}
