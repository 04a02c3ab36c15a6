/** An upload on its way: the states it can be in, and what leads from one to the next. No browser in here. */

export interface Wishes {
  title?: string;
  /** `2026-11-21` */
  heldOn?: string;
  tags?: string[];
  language?: string;
  speakers?: number;
  /** As written: separated by commas or lines. */
  vocabulary?: string;
  /** Also when this very recording was uploaded before. */
  isDuplicateWelcome?: boolean;
}

/** What it waits for; it tries again by itself. */
export type Trouble = "network" | "service" | "signed-out" | "disk-full" | "too-many";

export type State =
  | { kind: "waiting" }
  | { kind: "sending" }
  | { kind: "paused" }
  | { kind: "stuck"; why: Trouble }
  | { kind: "finishing" }
  | { kind: "done"; meetingId: string }
  | { kind: "duplicate"; meetingId: string }
  /** After a reload, where the browser could not keep the file. */
  | { kind: "missing"; isWrongFile: boolean }
  | { kind: "refused"; code: string; detail: string };

export interface Item {
  id: string;
  fileName: string;
  sizeBytes: number;
  /** What is safe on the server, and what is on its way. */
  sentBytes: number;
  bytesPerS: number | null;
  wishes: Wishes;
  state: State;
  /** A copy lies in this browser: a reload does not stop it. */
  isKept: boolean;
  recordingId?: string;
}

export type Happening =
  | { kind: "started" }
  | { kind: "progress"; sentBytes: number; bytesPerS: number | null }
  | { kind: "paused" }
  | { kind: "resumed" }
  | { kind: "stuck"; why: Trouble }
  | { kind: "restarted" }
  | { kind: "sent" }
  | { kind: "done"; meetingId: string; isDuplicate: boolean }
  | { kind: "wanted-again" }
  | { kind: "file-missing" }
  | { kind: "wrong-file" }
  | { kind: "file-given" }
  | { kind: "kept" }
  | { kind: "refused"; code: string; detail: string };

/** What may follow; anything else is late news of a request that does not count any more, and changes nothing. */
const MAY: Record<State["kind"], Happening["kind"][]> = {
  waiting: ["started", "paused", "stuck", "file-missing", "kept", "refused"],
  sending: ["progress", "paused", "stuck", "restarted", "sent", "done", "kept", "refused"],
  paused: ["resumed", "kept"],
  stuck: ["resumed", "started", "paused", "restarted", "kept", "refused", "stuck"],
  finishing: ["done", "stuck", "refused", "kept"],
  done: [],
  duplicate: ["wanted-again"],
  missing: ["file-given", "wrong-file"],
  refused: ["resumed"],
};

export function after(item: Item, happening: Happening): Item {
  if (!MAY[item.state.kind].includes(happening.kind)) return item;
  switch (happening.kind) {
    case "started":
      return { ...item, state: { kind: "sending" }, bytesPerS: null };
    case "progress":
      return { ...item, sentBytes: happening.sentBytes, bytesPerS: happening.bytesPerS };
    case "paused":
      return { ...item, state: { kind: "paused" }, bytesPerS: null };
    case "resumed":
    case "file-given":
      return { ...item, state: { kind: "waiting" }, bytesPerS: null };
    case "restarted":
      return { ...item, state: { kind: "waiting" }, sentBytes: 0, bytesPerS: null };
    case "wanted-again":
      return { ...item, state: { kind: "waiting" }, sentBytes: 0, bytesPerS: null, wishes: { ...item.wishes, isDuplicateWelcome: true } };
    case "stuck":
      return { ...item, state: { kind: "stuck", why: happening.why }, bytesPerS: null };
    case "sent":
      return { ...item, state: { kind: "finishing" }, sentBytes: item.sizeBytes, bytesPerS: null };
    case "done":
      return { ...item, state: { kind: happening.isDuplicate ? "duplicate" : "done", meetingId: happening.meetingId }, sentBytes: item.sizeBytes, bytesPerS: null };
    case "file-missing":
      return { ...item, state: { kind: "missing", isWrongFile: false } };
    case "wrong-file":
      return { ...item, state: { kind: "missing", isWrongFile: true } };
    case "kept":
      return { ...item, isKept: true };
    case "refused":
      return { ...item, state: { kind: "refused", code: happening.code, detail: happening.detail }, bytesPerS: null };
  }
}

/** Neither arrived nor given up: leaving the page would interrupt it. */
export function isOpen(item: Item): boolean {
  return ["waiting", "sending", "stuck", "finishing"].includes(item.state.kind);
}

/** Of everything that is on its way or has just arrived, 0 to 100. */
export function overall(items: readonly Item[]): number {
  const counted = items.filter((item) => item.state.kind !== "refused" && item.state.kind !== "duplicate");
  const total = counted.reduce((sum, item) => sum + item.sizeBytes, 0);
  const sent = counted.reduce((sum, item) => sum + Math.min(item.sentBytes, item.sizeBytes), 0);
  return total === 0 ? 0 : (100 * sent) / total;
}

export interface Sample {
  atMs: number;
  bytes: number;
}

const WINDOW_MS = 8000;

/** The samples that still count, with a new one. */
export function sampled(samples: readonly Sample[], sample: Sample): Sample[] {
  const last = samples.at(-1);
  if (last && sample.bytes < last.bytes) return [sample]; // it went back to what is safe
  return [...samples.filter((one) => sample.atMs - one.atMs <= WINDOW_MS), sample];
}

/** Null until there is a second of it. */
export function speedOf(samples: readonly Sample[]): number | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.atMs - first.atMs < 1000) return null;
  return (1000 * (last.bytes - first.bytes)) / (last.atMs - first.atMs);
}

export function secondsLeft(item: Item): number | null {
  return item.bytesPerS && item.bytesPerS > 0 ? (item.sizeBytes - item.sentBytes) / item.bytesPerS : null;
}

/** What a refused request means for the upload. `status` 0: no answer came. */
export type Verdict = { kind: "again"; why: Trouble; inMs: number } | { kind: "restart" } | { kind: "refused" };

const PAUSES_MS = [1000, 2000, 4000, 8000, 15_000, 30_000];

export function verdictOn(status: number, code: string, attempt: number, isOnline: boolean, retryAfterS: number | null): Verdict {
  const pause = PAUSES_MS[Math.min(attempt, PAUSES_MS.length - 1)] ?? 30_000;
  if (status === 0) return { kind: "again", why: isOnline ? "service" : "network", inMs: pause };
  if (status === 401 || code === "access.csrf") return { kind: "again", why: "signed-out", inMs: 30_000 };
  if (status === 404 || status === 410) return { kind: "restart" };
  if (status === 429) return { kind: "again", why: "too-many", inMs: 1000 * (retryAfterS ?? 30) };
  if (status === 507) return { kind: "again", why: "disk-full", inMs: 60_000 };
  if (status === 409 || status === 423 || status === 460 || status >= 500 || code === "upload.incomplete") return { kind: "again", why: "service", inMs: pause };
  return { kind: "refused" };
}
