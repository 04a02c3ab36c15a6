/** One queue for each meeting as long as the page lives: what was corrected is sent although somebody has gone on to
 * another page of the interface. */
import type { QueryClient } from "@tanstack/react-query";
import { keys } from "@/lib/query";
import { boardOf } from "./board";
import { keepEdits, keptEdits } from "./keeping";
import { EditQueue, type Item, type Settled } from "./queue";
import { isPassing, refusalOf, send } from "./sending";
import type { Line } from "./lines";

/** Who looks at the meeting at present; nobody when another page is open. */
export interface Ears {
  tell: (item: Item, error: unknown) => void;
  relined: (from: readonly Line[], to: readonly Line[]) => void;
  /** Hands over what is being typed. */
  flush: () => void;
}

interface Entry {
  queue: EditQueue;
  /** From now on it is told here. */
  listen: (ears: Ears | null) => void;
  /** What stands in an open editor is sent as well. */
  allSent: () => Promise<Settled>;
}

/** Longer than this nobody waits for a file: it is said, and may be taken all the same. */
const LIMIT_MS = 10_000;

const entries = new WeakMap<QueryClient, Map<string, Entry>>();

export function queueOf(client: QueryClient, userId: string, meetingId: string): Entry {
  const known = entries.get(client) ?? new Map<string, Entry>();
  entries.set(client, known);
  const name = `${userId}.${meetingId}`;
  const entry = known.get(name) ?? newEntry(client, name, meetingId);
  known.set(name, entry);
  return entry;
}

function newEntry(client: QueryClient, name: string, meetingId: string): Entry {
  let ears: Ears | null = null;
  const queue = new EditQueue(
    {
      board: boardOf(client, meetingId),
      send: (item, edit_id) => send(client, meetingId, item, edit_id),
      isPassing,
      refusal: refusalOf,
      tell: (item, error) => ears?.tell(item, error),
      relined: (from, to) => ears?.relined(from, to),
      made: () => void client.invalidateQueries({ queryKey: keys.edits(meetingId) }),
      keep: (kept) => keepEdits(name, kept),
      wait: untilOnline,
    },
    keptEdits(name),
  );
  return {
    queue,
    listen: (now) => {
      ears = now;
    },
    allSent: () => {
      ears?.flush();
      return queue.settled(LIMIT_MS);
    },
  };
}

/** Until the time is over or the network is back. */
function untilOnline(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      window.removeEventListener("online", over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    window.addEventListener("online", over);
  });
}
