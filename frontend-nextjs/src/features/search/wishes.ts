/** What is searched for, as the address of the page holds it. */
import type { SearchWishes } from "@/lib/api/search";

const NAMES = { q: "q", who: "who", personId: "person", meetingId: "meeting", from: "from", to: "to" } as const satisfies Record<keyof SearchWishes, string>;
const FIELDS = Object.keys(NAMES) as (keyof SearchWishes)[];

export function wishesIn(params: URLSearchParams): SearchWishes {
  const read = (field: keyof SearchWishes) => params.get(NAMES[field]) ?? "";
  return { q: read("q"), who: read("who"), personId: read("personId"), meetingId: read("meetingId"), from: dateIn(read("from")), to: dateIn(read("to")) };
}

export function addressOf(wishes: SearchWishes): string {
  const params = new URLSearchParams();
  for (const field of FIELDS) if (wishes[field] !== "") params.set(NAMES[field], wishes[field]);
  const query = params.toString();
  return query === "" ? "/search" : `/search?${query}`;
}

export function isFiltered(wishes: SearchWishes): boolean {
  return FIELDS.some((field) => field !== "q" && wishes[field] !== "");
}

export const NO_FILTER = { who: "", personId: "", meetingId: "", from: "", to: "" };

export type Period = "any" | "7" | "30" | "365" | "custom";

export function periodOf({ from, to }: Pick<SearchWishes, "from" | "to">, today: Date): Period {
  if (from === "" && to === "") return "any";
  if (to !== "") return "custom";
  return (["7", "30", "365"] as const).find((days) => daysBefore(today, Number(days)) === from) ?? "custom";
}

/** An ISO date, by the clock on the reader's wall. */
export function daysBefore(today: Date, days: number): string {
  const date = new Date(today.getFullYear(), today.getMonth(), today.getDate() - days);
  const two = (number: number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function dateIn(text: string): string {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) ? text : "";
}
