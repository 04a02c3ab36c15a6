/** What an item of the queue is to the service, and what its refusals mean. */
import type { QueryClient } from "@tanstack/react-query";
import type { Segment } from "@/features/meeting/model";
import { isApiError } from "@/lib/api/client";
import { linesWithWords, makeEdit, redoEdit, undoEdit, type Edit, type EditIn } from "@/lib/api/edits";
import { boardOf } from "./board";
import { spokenWords, wordAt } from "./carets";
import { isSameLine, type Line } from "./lines";
import type { Action } from "./predict";
import type { Answer, Item, Refusal } from "./queue";

export async function send(client: QueryClient, meetingId: string, item: Item, edit_id: string | null): Promise<Answer> {
  const { task } = item;
  const made =
    task.op === "make"
      ? await makeEdit(meetingId, await requestOf(client, meetingId, task.action))
      : await (task.op === "undo" ? undoEdit : redoEdit)(meetingId, edit_id ?? "");
  return { edit_id: made.edit.id, version: made.version, change: made.change };
}

async function requestOf(client: QueryClient, meetingId: string, action: Action): Promise<EditIn> {
  const [segment] = action.lines as [Line, ...Line[]];
  switch (action.kind) {
    case "text":
      return { kind: "text", segment, text: action.text };
    case "split":
      return { kind: "split", segment, at: await wordOf(client, meetingId, segment, action.caret) };
    case "join":
      return { kind: "join", segments: action.lines };
    case "move":
      return { kind: "move", segments: action.lines, to_label: action.to_label };
    case "confirm":
      return { kind: "confirm", segment };
  }
}

/** The split is on the screen already, as two lines: the words of the one that the service still has are asked for. */
async function wordOf(client: QueryClient, meetingId: string, line: Line, caret: number): Promise<number> {
  const cached = boardOf(client, meetingId).find([line])?.[0]?.words;
  const words = cached?.length ? cached : (await linesWithWords(meetingId, line.start, line.end)).find((one) => isSameLine(one, line))?.words;
  return wordAt(line.text, words?.length ? words : spokenWords(line.text), caret);
}

const PASSING = [0, 401, 408, 425, 429, 502, 503, 504];

/** The network, the service's health or a session that ended: what was typed waits until that is over. */
export function isPassing(error: unknown): boolean {
  return isApiError(error) && (PASSING.includes(error.status) || error.code === "access.csrf" || error.code === "meeting.not_ready");
}

export function refusalOf(error: unknown): Refusal {
  if (!isApiError(error, "edit.conflict")) return { isConflict: false, current: [], edits: [] };
  const { current, edits } = error.problem as { current?: Segment[]; edits?: Edit[] };
  return { isConflict: true, current: current ?? [], edits: edits ?? [] };
}
