"use client";
/** Which segment is being edited, and what was typed there: follows the segment when lines before it come and go, and
 * tells when somebody else changed it meanwhile. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import type { Segment } from "@/features/meeting/model";
import { keys } from "@/lib/query";
import { near, readTranscript } from "./board";
import type { StartAt, Visit } from "./context";
import { keepDraft, keptDraft, type Draft } from "./keeping";
import { isSameLine, lineOf, locate, successor, tidy, type Line } from "./lines";
import type { EditQueue } from "./queue";

interface Place {
  line: Line;
  index: number;
  session: string;
  visit: Visit;
}

const QUIET_MS = 3000;
const KEEP_MS = 400;
let last = 0;

function newKey(): string {
  last += 1;
  return `${Date.now().toString(36)}.${last}`;
}

export function useVisit(queue: EditQueue, meetingId: string, name: string) {
  const client = useQueryClient();
  const [place, show] = useState<Place | null>(null);
  const here = useRef<Place | null>(null);
  const draft = useRef<Draft | null>(null);
  const timers = useRef<{ save?: ReturnType<typeof setTimeout>; keep?: ReturnType<typeof setTimeout> }>({});
  const [returnTo, setReturnTo] = useState<number | null>(null);

  const put = useCallback((next: Place | null) => {
    here.current = next;
    show(next);
  }, []);
  const segmentsNow = useCallback(() => readTranscript(client, meetingId)?.segments ?? [], [client, meetingId]);

  const setDraft = useCallback(
    (next: Draft | null) => {
      draft.current = next;
      clearTimeout(timers.current.save);
      clearTimeout(timers.current.keep);
      if (next) timers.current.keep = setTimeout(() => keepDraft(name, next), KEEP_MS);
      else keepDraft(name, null);
    },
    [name],
  );

  const flush = useCallback(() => {
    const [typed, at] = [draft.current, here.current];
    if (!typed) return;
    setDraft(null);
    const made = queue.make({ kind: "text", lines: [typed.line], text: tidy(typed.text) }, at?.session ?? newKey());
    if (!made) {
      const segments = segmentsNow();
      const now = segments[successor(segments, typed.line)];
      queue.miss(typed.line, tidy(typed.text), now ? [now] : []);
    }
    const line = made?.[0];
    if (at && here.current === at) put(line ? { ...at, line: lineOf(line), visit: { ...at.visit, text: null } } : null);
  }, [put, queue, segmentsNow, setDraft]);

  const type = useCallback(
    (text: string) => {
      const at = here.current;
      if (!at) return;
      setDraft(tidy(text) === at.line.text ? null : { line: at.line, text });
      if (draft.current && tidy(text)) timers.current.save = setTimeout(flush, QUIET_MS); // emptied: only when it is left
    },
    [flush, setDraft],
  );

  const start = useCallback(
    (segment: Segment, { caret, text }: StartAt = {}, session = newKey()) => {
      flush();
      setReturnTo(null);
      put({ line: lineOf(segment), index: segment.index, session, visit: { key: newKey(), caret: caret ?? null, text: text ?? null } });
      if (text !== undefined) type(text);
    },
    [flush, put, type],
  );

  const stop = useCallback(
    ({ isQuiet = false } = {}) => {
      const at = here.current;
      flush();
      put(null);
      setReturnTo(isQuiet ? null : (at?.index ?? null));
    },
    [flush, put],
  );

  /** These lines are now those: by an answer, an undo, a refusal. */
  const relined = useCallback(
    (from: readonly Line[], to: readonly Line[]) => {
      const now = (line: Line) => {
        const at = from.findIndex((one) => isSameLine(one, line));
        return at < 0 ? line : to[Math.min(at, to.length - 1)];
      };
      const at = here.current;
      const line = at && now(at.line);
      if (draft.current) {
        const moved = now(draft.current.line);
        if (moved) draft.current = { ...draft.current, line: lineOf(moved) };
      }
      if (!at || line === at.line) return;
      const isTyping = draft.current !== null;
      const visit = isTyping || line?.text === at.line.text ? at.visit : { key: newKey(), caret: null, text: null };
      put(line ? { ...at, line: lineOf(line), visit } : null);
    },
    [put],
  );

  /** The transcript changed under the editor. `isFetched`: by what others did. */
  const follow = useCallback(
    (isFetched: boolean) => {
      const at = here.current;
      if (!at) return;
      const segments = segmentsNow();
      const index = locate(segments, [at.line], near(segments, at.line));
      if (index >= 0) {
        if (index !== at.index) put({ ...at, index });
        return;
      }
      if (!isFetched) return; // an own change: `relined` follows
      const now = segments[successor(segments, at.line)];
      const typed = draft.current;
      if (typed) queue.miss(typed.line, tidy(typed.text), now ? [now] : []);
      setDraft(null);
      put(now ? { ...at, line: lineOf(now), index: now.index, visit: { key: newKey(), caret: null, text: null } } : null);
    },
    [put, queue, segmentsNow, setDraft],
  );

  const isRestored = useRef(false);
  /** What was typed before a reload, once the transcript is there. */
  const restore = useCallback(() => {
    const segments = segmentsNow();
    if (isRestored.current || segments.length === 0) return;
    isRestored.current = true;
    const kept = keptDraft(name);
    if (!kept) return;
    const at = locate(segments, [kept.line], near(segments, kept.line));
    if (at >= 0) return start(segments[at]!, { text: kept.text });
    keepDraft(name, null);
    const now = segments[successor(segments, kept.line)];
    queue.miss(kept.line, tidy(kept.text), now ? [now] : []);
  }, [name, queue, segmentsNow, start]);

  useEffect(() => {
    const hash = JSON.stringify(keys.transcript(meetingId));
    queue.replay();
    const timer = setTimeout(restore);
    const unsubscribe = client.getQueryCache().subscribe((event) => {
      if (event.type !== "updated" || event.action.type !== "success" || event.query.queryHash !== hash) return;
      const isFetched = event.action.manual !== true;
      if (isFetched) queue.replay();
      follow(isFetched);
      if (isFetched) restore();
    });
    return () => {
      clearTimeout(timer);
      unsubscribe();
    };
  }, [client, follow, meetingId, queue, restore]);

  const hasDraft = useCallback(() => draft.current !== null, []);
  const dropDraft = useCallback(() => setDraft(null), [setDraft]);
  return { place, returnTo, start, stop, type, flush, dropDraft, relined, hasDraft, put, here };
}
