/** What the list of meetings shows, as it stands in the address: words, filters, order.
 *
 * Owns both directions, so that an address may be shared and the back button works; what is not understood is left out.
 */
import type { MeetingFilters, MeetingOrder, MeetingStatus } from "@/lib/api/meetings";

export interface View {
  q: string;
  status: MeetingStatus[];
  /** Days, `2026-11-21`, both inclusive. */
  from: string;
  to: string;
  /** Ids of people. */
  person: string[];
  /** Part of a speaker's name. */
  speaker: string;
  tag: string[];
  sort: MeetingOrder;
}

export const STATUSES: MeetingStatus[] = ["PENDING", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"];
export const ORDERS: MeetingOrder[] = ["-held_on", "held_on", "-created_at", "created_at", "title", "-title", "-duration_s", "duration_s"];
export const EVERYTHING: View = { q: "", status: [], from: "", to: "", person: [], speaker: "", tag: [], sort: "-held_on" };

const DAY = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function viewOf(address: Pick<URLSearchParams, "get" | "getAll">): View {
  const day = (name: string) => {
    const value = address.get(name) ?? "";
    return DAY.test(value) ? value : "";
  };
  const wanted = address.getAll("status").map((name) => name.toUpperCase());
  const sort = address.get("sort");
  return {
    q: address.get("q") ?? "",
    status: STATUSES.filter((status) => wanted.includes(status)),
    from: day("from"),
    to: day("to"),
    person: distinct(address.getAll("person").filter((id) => UUID.test(id))),
    speaker: address.get("speaker") ?? "",
    tag: distinct(address.getAll("tag").filter(Boolean)),
    sort: ORDERS.find((order) => order === sort) ?? EVERYTHING.sort,
  };
}

/** `?status=failed&tag=budget`, or nothing where nothing is filtered. */
export function addressOf(view: View): string {
  const address = new URLSearchParams();
  if (view.q.trim()) address.set("q", view.q);
  view.status.forEach((status) => address.append("status", status.toLowerCase()));
  if (view.from) address.set("from", view.from);
  if (view.to) address.set("to", view.to);
  view.person.forEach((id) => address.append("person", id));
  if (view.speaker.trim()) address.set("speaker", view.speaker);
  view.tag.forEach((tag) => address.append("tag", tag));
  if (view.sort !== EVERYTHING.sort) address.set("sort", view.sort);
  const text = address.toString();
  return text && `?${text}`;
}

export function filtersOf(view: View): MeetingFilters {
  const filters: MeetingFilters = { sort: view.sort };
  if (view.q.trim()) filters.q = view.q.trim();
  if (view.status.length) filters.status = view.status;
  if (view.from) filters.held_from = view.from;
  if (view.to) filters.held_to = view.to;
  if (view.person.length) filters.person = view.person;
  if (view.speaker.trim()) filters.speaker = view.speaker.trim();
  if (view.tag.length) filters.tag = view.tag;
  return filters;
}

/** Whether meetings are left out; the order leaves none out. */
export function isFiltered(view: View): boolean {
  return addressOf({ ...view, sort: EVERYTHING.sort }) !== "";
}

export function toggled<T>(list: T[], one: T): T[] {
  return list.includes(one) ? list.filter((other) => other !== one) : [...list, one];
}

/** From the first to the last day of a preset, as days of this time zone. */
export function lastDays(days: number, today: Date = new Date()): { from: string; to: string } {
  const first = new Date(today.getFullYear(), today.getMonth(), today.getDate() - days + 1);
  return { from: dayOf(first), to: dayOf(today) };
}

export function dayOf(date: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function distinct<T>(list: T[]): T[] {
  return [...new Set(list)];
}
