/** Corrections on their way to the service, one after the other.
 *
 * Owns the order, what is tried again, what becomes of a refusal, and what undo and redo mean while something is not
 * sent yet. Shows every change at once on the `Board` and puts the answer in its place. Knows neither React nor HTTP.
 *
 *     queue.make({ kind: "text", lines: [line], text: "…" }, session);
 *     queue.undo();
 */
import type { Change, Segment } from "@/features/meeting/model";
import { isSameLine, lineOf, type Line } from "./lines";
import { isThere, predict, type Action } from "./predict";
import { Steps } from "./steps";

export interface Item {
  id: string;
  task: { op: "make"; action: Action } | { op: "undo" | "redo"; of: string };
  /** What belongs together for undo: autosaves of one visit to a segment. */
  session: string;
  from: Line[];
  to: Segment[];
}

/** What a sent edit replaced, to take it back before the service answers. */
interface Made {
  edit_id: string;
  before: Segment[];
  after: Segment[];
}

/** A text that was not taken: somebody else was faster, or the service refused it. Stays until somebody decides. */
export interface Problem<Author = unknown> {
  id: string;
  line: Line;
  mine: string;
  /** What stands there now. */
  current: Segment[];
  edits: Author[];
  error: unknown;
}

export interface Answer {
  edit_id: string;
  version: number;
  change: Change | null;
}

export interface Refusal {
  isConflict: boolean;
  current: Segment[];
  edits: unknown[];
}

/** The transcript that is shown. */
export interface Board {
  version: () => number;
  /** Their segments, one after the other; null: they do not stand there. */
  find: (lines: readonly Line[]) => Segment[] | null;
  /** Lays segments in the place of these lines; without lines, where their time is. False: the lines are not there. */
  lay: (lines: readonly Line[], segments: readonly Segment[], version?: number) => boolean;
  /** Lays an answer in by its numbers. */
  apply: (change: Change, version: number) => void;
  reread: () => void;
  nameOf: (label: string) => string | null;
}

export interface Outside {
  board: Board;
  send: (item: Item, edit_id: string | null) => Promise<Answer>;
  /** Whether it is worth trying again: the network, not the request, is at fault. */
  isPassing: (error: unknown) => boolean;
  refusal: (error: unknown) => Refusal;
  /** Something that is no text was refused; there is nothing to decide, but to be told. */
  tell: (item: Item, error: unknown) => void;
  /** These lines are now those. */
  relined: (from: readonly Line[], to: readonly Line[]) => void;
  made: () => void;
  keep: (kept: Kept) => void;
  wait: (ms: number) => Promise<void>;
}

/** What outlives a reload. */
export interface Kept {
  items: Item[];
  made: Record<string, Made>;
  dropped: Record<string, Item>;
  done: { session: string; edits: string[] }[];
  undone: { session: string; edits: string[] }[];
  problems: Problem[];
}

export interface Snapshot {
  state: "saved" | "saving" | "unsaved" | "conflict";
  numWaiting: number;
  canUndo: boolean;
  canRedo: boolean;
  problems: readonly Problem[];
}

/** How what was corrected stands: all of it sent, some of it waiting for somebody's decision, or not sent. */
export type Settled = "saved" | "conflict" | "unsent";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

export class EditQueue {
  private items: Item[];
  private made: Record<string, Made>;
  private dropped: Record<string, Item>;
  private problems: Problem[];
  private steps: Steps;
  private sending: string | null = null;
  private isAway = false;
  private isRunning = false;
  private tryNow: () => void = () => undefined;
  private listeners = new Set<() => void>();
  private shown: Snapshot;
  private last = 0;

  constructor(
    private readonly outside: Outside,
    kept: Kept | null = null,
  ) {
    this.items = kept?.items ?? [];
    this.made = kept?.made ?? {};
    this.dropped = kept?.dropped ?? {};
    this.problems = kept?.problems ?? [];
    this.steps = new Steps(kept?.done, kept?.undone);
    this.shown = this.snapshotNow();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  snapshot = (): Snapshot => this.shown;

  start(): void {
    void this.run();
  }

  /** Shows it, and sends it when its turn comes. Returns what the lines will be; null: the lines are not there. */
  make(action: Action, session: string): Segment[] | null {
    const merged = action.kind === "text" ? this.merged(action.lines[0], action.text, session) : null;
    if (merged) return merged;
    const segments = this.outside.board.find(action.lines);
    if (!segments) return null;
    const to = predict(action, segments, this.outside.board.nameOf);
    if (action.kind === "split" && to.length < 2) return null;
    if (action.kind === "text" && to.length === 1 && to[0]!.text === segments[0]!.text) return to;
    const item: Item = { id: this.newId(), task: { op: "make", action }, session, from: action.lines.map(lineOf), to };
    this.steps.did(item.id, session);
    this.push(item);
    return to;
  }

  undo(): void {
    for (const id of this.steps.undo()) this.turn(id, "undo");
    this.changed();
  }

  redo(): void {
    for (const id of this.steps.redo()) this.turn(id, "redo");
    this.changed();
  }

  /** When all is sent, or `limit_ms` are over, or one more attempt found the service away. */
  settled(limit_ms: number): Promise<Settled> {
    return new Promise((resolve) => {
      const isAtRest = () => this.items.length === 0 || (this.isAway && this.sending === null);
      const end = () => {
        clearTimeout(timer);
        unsubscribe();
        resolve(this.items.length > 0 ? "unsent" : this.problems.length > 0 ? "conflict" : "saved");
      };
      const timer = setTimeout(end, limit_ms);
      const unsubscribe = this.subscribe(() => isAtRest() && end());
      void this.run();
      this.tryNow();
      if (this.items.length === 0) end();
    });
  }

  /** Somebody decided. */
  settle(id: string): void {
    this.problems = this.problems.filter((one) => one.id !== id);
    this.changed();
  }

  /** A text whose lines were gone before it could be sent. */
  miss(line: Line, mine: string, current: Segment[], edits: unknown[] = []): void {
    this.problems = [...this.problems, { id: this.newId(), line: lineOf(line), mine, current, edits, error: null }];
    this.changed();
  }

  /** The transcript was read again: what is not sent yet is laid over it once more. */
  replay(): void {
    for (const item of this.items) this.outside.board.lay(item.from, item.to);
  }

  // --- on the way ---------------------------------------------------------------------------------------------------

  private push(item: Item): void {
    this.outside.board.lay(item.from, item.to);
    this.items.push(item);
    this.changed();
    void this.run();
  }

  /** A text that is still waiting takes the next one in: one edit for what was typed in one go. */
  private merged(line: Line, text: string, session: string): Segment[] | null {
    const item = this.items.at(-1);
    if (!item || item.id === this.sending || item.session !== session || item.task.op !== "make") return null;
    const { action } = item.task;
    if (action.kind !== "text" || item.to.length !== 1 || !isSameLine(item.to[0]!, line)) return null;
    const to = predict({ ...action, text }, item.to, this.outside.board.nameOf);
    this.outside.board.lay(item.to, to);
    item.task = { op: "make", action: { ...action, text } };
    item.to = to;
    this.changed();
    return to;
  }

  /** Takes one edit back, or makes it once more. What was never sent is simply not sent. */
  private turn(id: string, op: "undo" | "redo"): void {
    const waiting = this.items.find((item) => item.id === id && item.id !== this.sending);
    if (op === "undo" && waiting) {
      this.items = this.items.filter((item) => item !== waiting);
      this.dropped[id] = waiting;
      this.outside.board.lay(waiting.to, this.origin(waiting));
      this.outside.relined(waiting.to, waiting.from);
      return;
    }
    const dropped = this.dropped[id];
    if (op === "redo" && dropped) {
      delete this.dropped[id];
      this.outside.relined(dropped.from, dropped.to);
      this.push(dropped);
      return;
    }
    const made = this.made[id] ?? this.expected(id);
    if (!made) return;
    const [from, to] = op === "undo" ? [made.after, made.before] : [made.before, made.after];
    this.outside.relined(from, to);
    this.push({ id: this.newId(), task: { op, of: id }, session: "", from: from.map(lineOf), to });
  }

  /** Of an edit that is being sent right now. */
  private expected(id: string): Made | null {
    const item = this.items.find((one) => one.id === id);
    return item ? { edit_id: "", before: this.origin(item), after: item.to } : null;
  }

  /** What stood where an unsent edit stands. Its words are read again where they are needed. */
  private origin(item: Item): Segment[] {
    return item.from.map((line, place) => {
      const like = item.to[Math.min(place, item.to.length - 1)];
      const name = line.speaker === null ? null : this.outside.board.nameOf(line.speaker);
      const rest = like ?? { index: 0, language: "", confidence: null, num_doubtful: 0, edit_id: null };
      return { ...rest, ...line, name, words: undefined };
    });
  }

  private async run(): Promise<void> {
    if (this.isRunning) return;
    this.isRunning = true;
    let wait = FIRST_WAIT_MS;
    for (let item = this.items[0]; item; item = this.items[0]) {
      this.sending = item.id;
      this.changed();
      const edit_id = item.task.op === "make" ? null : (this.made[item.task.of]?.edit_id ?? null);
      const outcome = await this.outside.send(item, edit_id).then(
        (answer) => ({ answer, error: null }),
        (error: unknown) => ({ answer: null, error }),
      );
      this.isAway = outcome.answer === null && this.outside.isPassing(outcome.error);
      this.sending = null;
      if (this.isAway) {
        const isAsked = new Promise<void>((resolve) => (this.tryNow = resolve));
        this.changed();
        await Promise.race([this.outside.wait(wait), isAsked]);
        wait = Math.min(wait * 2, LONGEST_WAIT_MS);
        continue;
      }
      wait = FIRST_WAIT_MS;
      if (outcome.answer) this.took(item, outcome.answer);
      else this.refused(item, outcome.error);
    }
    this.isRunning = false;
  }

  private took(item: Item, answer: Answer): void {
    this.items = this.items.filter((one) => one !== item);
    const { change } = answer;
    const now = change?.segments ?? item.to;
    if (item.task.op === "make") this.made[item.id] = { edit_id: answer.edit_id, before: this.origin(item), after: now };
    this.place(item, answer);
    this.reline(item.to, now);
    this.outside.made();
    this.changed();
  }

  private place(item: Item, { change, version }: Answer): void {
    const { board } = this.outside;
    const isNext = version <= board.version() + 1;
    // Where somebody else's edit came between, the board stays at its old version: it would not be read again otherwise.
    if (change && change.num_removed === item.from.length && board.lay(item.to, change.segments, isNext ? version : undefined)) {
      if (!isNext) board.reread();
    } else if (change && isNext && this.items.length === 0 && board.find(item.to)) {
      board.apply({ ...change, num_removed: change.num_removed + item.to.length - item.from.length }, version);
    } else {
      board.reread();
    }
  }

  /** Edits that wait name their lines as the service has them now. */
  private reline(from: readonly Line[], to: readonly Line[]): void {
    const now = (line: Line): Line => {
      const place = from.findIndex((one) => isSameLine(one, line));
      const became = place < 0 || from.length !== to.length ? undefined : to[place];
      return became ? lineOf(became) : line;
    };
    for (const item of this.items) {
      item.from = item.from.map(now);
      if (item.task.op === "make") {
        const { action } = item.task;
        item.task = { op: "make", action: { ...action, lines: action.lines.map(now) } as Action };
      }
    }
    this.outside.relined(from, to);
  }

  private refused(item: Item, error: unknown): void {
    this.items = this.items.filter((one) => one !== item);
    this.steps.forget(item.task.op === "make" ? item.id : item.task.of);
    const { isConflict, current, edits } = this.outside.refusal(error);
    // Where somebody else did the same, or an earlier attempt did it and its answer was lost, nothing is to be decided.
    if (!isConflict || !isThere(item.to, current)) {
      this.outside.board.lay(item.to, this.origin(item));
      this.outside.relined(item.to, item.from);
      if (item.task.op === "make" && item.task.action.kind === "text") {
        const mine = this.takeLater(item.to) ?? item.task.action.text;
        this.problems = [...this.problems, { id: item.id, line: item.from[0]!, mine, current, edits, error }];
      } else {
        this.outside.tell(item, error);
      }
    }
    this.outside.board.reread();
    this.changed();
  }

  /** What was typed after a text that was refused belongs to it. */
  private takeLater(lines: readonly Line[]): string | null {
    const line = lines[0];
    const later = this.items.find(
      (one) => line && one.task.op === "make" && one.task.action.kind === "text" && one.from[0] && isSameLine(one.from[0], line),
    );
    if (!later || later.task.op !== "make" || later.task.action.kind !== "text") return null;
    this.items = this.items.filter((one) => one !== later);
    this.steps.forget(later.id);
    return this.takeLater(later.to) ?? later.task.action.text;
  }

  // --- what is seen of it -------------------------------------------------------------------------------------------

  private snapshotNow(): Snapshot {
    const isWaiting = this.items.length > 0;
    const state = this.problems.length > 0 ? "conflict" : !isWaiting ? "saved" : this.isAway ? "unsaved" : "saving";
    return { state, numWaiting: this.items.length, canUndo: this.steps.canUndo, canRedo: this.steps.canRedo, problems: this.problems };
  }

  private changed(): void {
    this.shown = this.snapshotNow();
    const bare = (segments: Segment[]) => segments.map((segment) => ({ ...segment, words: undefined }));
    const known = this.steps.known();
    const made = Object.fromEntries(Object.entries(this.made).filter(([id]) => known.has(id)));
    this.made = made;
    this.outside.keep({
      items: this.items.map((item) => ({ ...item, to: bare(item.to) })),
      made: Object.fromEntries(Object.entries(made).map(([id, one]) => [id, { ...one, before: bare(one.before), after: bare(one.after) }])),
      dropped: this.dropped,
      problems: this.problems,
      ...this.steps.kept(),
    });
    this.listeners.forEach((listener) => listener());
  }

  private newId(): string {
    this.last += 1;
    return `${Date.now().toString(36)}-${this.last}`;
  }
}
