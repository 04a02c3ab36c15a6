import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Change, Segment } from "@/features/meeting/model";
import { isSameLine, lineOf, locate, type Line } from "./lines";
import { EditQueue, type Answer, type Board, type Item, type Kept } from "./queue";
import { predict } from "./predict";
import { said } from "./testSegments";

class Refused extends Error {
  constructor(
    readonly current: Segment[],
    readonly isConflict = true,
  ) {
    super("refused");
  }
}

/** A service with a transcript of its own, and a network that may be away. */
class Service {
  segments: Segment[];
  version = 1;
  isAway = false;
  log: string[] = [];
  private past: Record<string, { before: Segment[]; after: Segment[] }> = {};

  constructor(segments: Segment[]) {
    this.segments = segments;
  }

  send = async (item: Item, edit_id: string | null): Promise<Answer> => {
    await Promise.resolve();
    if (this.isAway) throw new Error("away");
    const { task } = item;
    if (task.op === "make") {
      const { action } = task;
      this.log.push(action.kind);
      const at = locate(this.segments, action.lines);
      if (at < 0) throw new Refused(this.segments.filter((one) => one.start < action.lines[0]!.end && one.end > action.lines[0]!.start));
      const before = this.segments.slice(at, at + action.lines.length);
      const after = predict(action, before, () => null);
      const id = `edit-${this.log.length}`;
      this.past[id] = { before, after };
      return this.replace(id, at, before.length, after);
    }
    this.log.push(task.op);
    const { before, after } = this.past[edit_id ?? ""]!;
    const [from, to] = task.op === "undo" ? [after, before] : [before, after];
    const at = from.length > 0 ? locate(this.segments, from) : this.segments.filter((one) => one.start < to[0]!.start).length;
    if (at < 0) throw new Refused([]);
    return this.replace(edit_id!, at, from.length, to);
  };

  private replace(edit_id: string, from_index: number, num_removed: number, segments: Segment[]): Answer {
    this.segments = this.segments.toSpliced(from_index, num_removed, ...segments);
    this.version += 1;
    return { edit_id, version: this.version, change: { from_index, num_removed, segments } };
  }
}

let service: Service;
let shown: Segment[];
let version: number;
let kept: Kept | null;
let told: string[];
let waits: (() => void)[];
let queue: EditQueue;

function board(): Board {
  const at = (lines: readonly Line[]) => locate(shown, lines);
  return {
    version: () => version,
    find: (lines) => (at(lines) < 0 ? null : shown.slice(at(lines), at(lines) + lines.length)),
    lay: (lines, segments, now) => {
      const place = lines.length ? at(lines) : shown.filter((one) => one.start < (segments[0]?.start ?? 0)).length;
      if (place < 0) return false;
      shown = shown.toSpliced(place, lines.length, ...segments);
      version = Math.max(version, now ?? 0);
      return true;
    },
    apply: ({ from_index, num_removed, segments }: Change, now) => {
      shown = shown.toSpliced(from_index, num_removed, ...segments);
      version = now;
    },
    reread: () => {
      if (version === service.version) return; // nothing is read twice
      shown = [...service.segments];
      version = service.version;
      queue.replay();
    },
    nameOf: () => null,
  };
}

function newQueue(from: Kept | null = null): EditQueue {
  return new EditQueue(
    {
      board: board(),
      send: service.send,
      isPassing: (error) => !(error instanceof Refused),
      refusal: (error) => (error instanceof Refused ? { isConflict: error.isConflict, current: error.current, edits: [] } : { isConflict: false, current: [], edits: [] }),
      tell: (item) => told.push(item.task.op),
      relined: () => undefined,
      made: () => undefined,
      keep: (now) => (kept = JSON.parse(JSON.stringify(now)) as Kept),
      wait: () => new Promise((resolve) => waits.push(resolve)),
    },
    from,
  );
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

/** What is typed into the segment with this text. */
function type(text: string, becomes: string, session = becomes): void {
  const segment = shown.find((one) => one.text === text)!;
  expect(queue.make({ kind: "text", lines: [lineOf(segment)], text: becomes }, session)).not.toBeNull();
}

/** What somebody else writes. */
function theirs(place: number, text: string): void {
  service.segments = service.segments.with(place, { ...service.segments[place]!, text });
  service.version += 1;
}

const texts = (segments: readonly Segment[]) => segments.map(({ text }) => text);

beforeEach(() => {
  service = new Service([said(0, "A", "un deux"), said(2, "B", "trois quatre"), said(4, "A", "cinq")]);
  shown = [...service.segments];
  [version, kept, told, waits] = [1, null, [], []];
  queue = newQueue();
});

describe("the queue of corrections", () => {
  it("shows a change before the service knows of it, and says when it is saved", async () => {
    type("cinq", "CINQ");
    expect(texts(shown)).toEqual(["un deux", "trois quatre", "CINQ"]);
    expect(queue.snapshot().state).toBe("saving");
    await settled();
    expect(texts(service.segments)).toEqual(["un deux", "trois quatre", "CINQ"]);
    expect(queue.snapshot().state).toBe("saved");
    expect(version).toBe(2);
  });

  it("sends nothing for a text that is the same", async () => {
    type("cinq", "cinq");
    await settled();
    expect(service.log).toEqual([]);
    expect(queue.snapshot().canUndo).toBe(false);
  });

  it("keeps everything while the network is away, tries again, and then sends in order", async () => {
    service.isAway = true;
    type("cinq", "CINQ");
    type("un deux", "UN deux");
    await settled();
    expect(queue.snapshot()).toMatchObject({ state: "unsaved", numWaiting: 2 });
    service.isAway = false;
    waits.forEach((over) => over());
    await settled();
    expect(texts(service.segments)).toEqual(["UN deux", "trois quatre", "CINQ"]);
    expect(queue.snapshot().state).toBe("saved");
  });

  it("sends what was typed in one go as one edit", async () => {
    service.isAway = true;
    type("cinq", "c", "visit");
    await settled(); // the first is on its way, hence not touched
    type("c", "ci", "visit");
    type("ci", "CINQ", "visit");
    service.isAway = false;
    waits.forEach((over) => over());
    await settled();
    expect(texts(service.segments).at(-1)).toBe("CINQ");
    expect(service.log.length).toBeLessThanOrEqual(2);
    queue.undo();
    await settled();
    expect(texts(service.segments).at(-1)).toBe("cinq");
  });

  it("names lines as the answer to the edit before has them", async () => {
    service.send = ((send) => async (item: Item, id: string | null) => {
      const answer = await send(item, id);
      // the service knows better where the halves meet
      if (item.task.op === "make" && item.task.action.kind === "split") {
        const [left, right] = answer.change!.segments as [Segment, Segment];
        const exact = [{ ...left, end: left.end - 0.25 }, right];
        service.segments = service.segments.toSpliced(answer.change!.from_index, 2, ...exact);
        return { ...answer, change: { ...answer.change!, segments: exact } };
      }
      return answer;
    })(service.send);
    queue = newQueue();
    const first = shown[0]!;
    queue.make({ kind: "split", lines: [lineOf(first)], caret: 3 }, "s");
    type("un", "UN");
    await settled();
    expect(texts(service.segments)).toEqual(["UN", "deux", "trois quatre", "cinq"]);
    expect(queue.snapshot()).toMatchObject({ state: "saved", problems: [] });
    expect(shown[0]!.end).toBe(0.75);
  });

  it("reads what somebody else did a moment before, though it was told of the own edit first", async () => {
    theirs(1, "TROIS quatre");
    type("cinq", "CINQ");
    await settled();
    expect(texts(shown)).toEqual(["un deux", "TROIS quatre", "CINQ"]);
    expect(version).toBe(service.version);
  });

  it("outlives a reload", async () => {
    service.isAway = true;
    type("cinq", "CINQ");
    await settled();
    service.isAway = false;
    shown = [...service.segments]; // the page is new
    queue = newQueue(kept);
    queue.replay();
    expect(texts(shown).at(-1)).toBe("CINQ");
    queue.start();
    await settled();
    expect(texts(service.segments).at(-1)).toBe("CINQ");
    queue.undo();
    await settled();
    expect(texts(service.segments).at(-1)).toBe("cinq");
  });
});

describe("undo and redo", () => {
  it("take back what was sent, and make it again", async () => {
    type("cinq", "CINQ");
    await settled();
    queue.undo();
    expect(texts(shown).at(-1)).toBe("cinq");
    await settled();
    expect(texts(service.segments).at(-1)).toBe("cinq");
    expect(queue.snapshot()).toMatchObject({ canUndo: false, canRedo: true });
    queue.redo();
    await settled();
    expect(texts(service.segments).at(-1)).toBe("CINQ");
    queue.undo();
    await settled();
    expect(texts(service.segments).at(-1)).toBe("cinq");
  });

  it("never send what was undone before it was sent", async () => {
    service.isAway = true;
    type("un deux", "UN deux"); // being tried
    type("cinq", "CINQ");
    await settled();
    queue.undo();
    expect(texts(shown)).toEqual(["UN deux", "trois quatre", "cinq"]);
    queue.redo();
    expect(texts(shown).at(-1)).toBe("CINQ");
    queue.undo();
    service.isAway = false;
    waits.forEach((over) => over());
    await settled();
    expect(service.log).toEqual(["text"]);
    expect(texts(service.segments)).toEqual(["UN deux", "trois quatre", "cinq"]);
  });

  it("bring a removed line back to its place", async () => {
    type("trois quatre", "");
    await settled();
    expect(texts(shown)).toEqual(["un deux", "cinq"]);
    queue.undo();
    expect(texts(shown)).toEqual(["un deux", "trois quatre", "cinq"]);
    await settled();
    expect(texts(service.segments)).toEqual(["un deux", "trois quatre", "cinq"]);
    expect(texts(shown)).toEqual(texts(service.segments));
  });

  it("tell when somebody has built on it, and give up", async () => {
    type("cinq", "CINQ");
    await settled();
    theirs(2, "six");
    queue.undo();
    await settled();
    expect(told).toEqual(["undo"]);
    expect(queue.snapshot()).toMatchObject({ canUndo: false, canRedo: false, state: "saved" });
    expect(texts(shown).at(-1)).toBe("six");
  });
});

describe("a conflict", () => {
  it("keeps what was typed and shows what stands there now", async () => {
    theirs(2, "six");
    type("cinq", "CINQ");
    await settled();
    const { state, problems } = queue.snapshot();
    expect(state).toBe("conflict");
    expect(problems[0]).toMatchObject({ mine: "CINQ" });
    expect(texts(problems[0]!.current)).toEqual(["six"]);
    expect(texts(shown).at(-1)).toBe("six");
    expect(kept!.problems).toHaveLength(1);
    queue.settle(problems[0]!.id);
    expect(queue.snapshot().state).toBe("saved");
  });

  it("takes what was typed afterwards in, and lets the others go on", async () => {
    theirs(2, "six");
    type("cinq", "CINQ");
    type("CINQ", "CINQ SEPT", "another visit");
    type("un deux", "UN deux");
    await settled();
    expect(queue.snapshot().problems.map(({ mine }) => mine)).toEqual(["CINQ SEPT"]);
    expect(texts(service.segments)).toEqual(["UN deux", "trois quatre", "six"]);
  });

  it("is none when the other one did the same, or when only the answer was lost", async () => {
    theirs(2, "CINQ");
    type("cinq", "CINQ");
    await settled();
    expect(queue.snapshot()).toMatchObject({ state: "saved", problems: [] });
    expect(texts(shown).at(-1)).toBe("CINQ");
  });

  it("of something that is no text is told, and the transcript is as it was", async () => {
    theirs(0, "UN DEUX");
    queue.make({ kind: "move", lines: [lineOf(shown[0]!)], to_label: "B" }, "m");
    await settled();
    expect(told).toEqual(["make"]);
    expect(shown[0]).toMatchObject({ text: "UN DEUX", speaker: "A" });
    expect(queue.snapshot().state).toBe("saved");
  });
});

describe("what wants everything sent", () => {
  const LIMIT_MS = 10_000;
  afterEach(() => vi.useRealTimers());

  it("waits for what is on its way", async () => {
    type("cinq", "CINQ");
    type("un deux", "UN deux");
    await expect(queue.settled(LIMIT_MS)).resolves.toBe("saved");
    expect(texts(service.segments)).toEqual(["UN deux", "trois quatre", "CINQ"]);
  });

  it("does not wait where nothing is", async () => {
    await expect(queue.settled(LIMIT_MS)).resolves.toBe("saved");
  });

  it("waits for what a reload left, though nobody has begun to send it", async () => {
    service.isAway = true;
    type("cinq", "CINQ");
    queue.undo();
    queue.redo();
    await settled();
    service.isAway = false;
    shown = [...service.segments];
    queue = newQueue(kept);
    await expect(queue.settled(LIMIT_MS)).resolves.toBe("saved");
    expect(texts(service.segments).at(-1)).toBe("CINQ");
  });

  it("has it tried at once where it would be tried later", async () => {
    service.isAway = true;
    type("cinq", "CINQ");
    await settled();
    service.isAway = false;
    await expect(queue.settled(LIMIT_MS)).resolves.toBe("saved"); // nobody called `waits`
    expect(texts(service.segments).at(-1)).toBe("CINQ");
  });

  it("is told when the service is away, without waiting longer, and it is sent later all the same", async () => {
    service.isAway = true;
    type("cinq", "CINQ");
    await expect(queue.settled(LIMIT_MS)).resolves.toBe("unsent");
    await expect(queue.settled(LIMIT_MS)).resolves.toBe("unsent");
    service.isAway = false;
    waits.forEach((over) => over());
    await settled();
    expect(texts(service.segments).at(-1)).toBe("CINQ");
  });

  it("is told when the answer takes too long", async () => {
    vi.useFakeTimers();
    service.send = () => new Promise(() => undefined);
    queue = newQueue();
    type("cinq", "CINQ");
    const end = queue.settled(LIMIT_MS);
    await vi.advanceTimersByTimeAsync(LIMIT_MS);
    await expect(end).resolves.toBe("unsent");
  });

  it("is told that somebody has to decide first", async () => {
    theirs(2, "six");
    type("cinq", "CINQ");
    await expect(queue.settled(LIMIT_MS)).resolves.toBe("conflict");
  });
});

describe("lines", () => {
  it("are found around where they are expected, and only as a whole", () => {
    const lines = [said(0, "A", "a"), said(1, "A", "b"), said(2, "A", "c")];
    expect(locate(lines, lines.slice(1), 2)).toBe(1);
    expect(locate(lines, [lines[0]!, lines[2]!])).toBe(-1);
    expect(isSameLine(lines[0]!, { ...lines[0]!, speaker: "B" })).toBe(false);
  });
});
