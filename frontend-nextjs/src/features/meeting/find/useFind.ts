"use client";
/** Finding in this transcript: what is looked for, where it stands, where the reader is. */
import { useCallback, useMemo, useRef, useState, type RefObject } from "react";
import type { Segment } from "../segments";
import type { TranscriptHandle } from "../transcript/TranscriptView";
import { byIndex, findAll, firstFrom, type Match, type MatchesByIndex } from "./findAll";

export interface Find {
  isOpen: boolean;
  query: string;
  matches: readonly Match[];
  byIndex: MatchesByIndex;
  /** Of `matches`; where the reader stands. */
  place: number;
  current: { index: number; match: number } | null;
  open: (query?: string) => void;
  close: () => void;
  search: (query: string) => void;
  step: (by: 1 | -1) => void;
  /** A key that came before the box was there to take it. */
  typeAhead: (key: string) => void;
  /** What came so. */
  ahead: () => string;
  /** Counts how often it was asked for: each time the keyboard goes to its box. */
  asked: number;
}

export function useFind(segments: readonly Segment[], transcript: RefObject<TranscriptHandle | null>): Find {
  const [{ isOpen, query, place: wanted, asked }, setState] = useState({ isOpen: false, query: "", place: 0, asked: 0 });
  const early = useRef("");
  const from = useRef<{ line: number; focus: Element | null }>({ line: 0, focus: null });
  const matches = useMemo(() => (isOpen ? findAll(segments, query) : []), [isOpen, segments, query]);
  const grouped = useMemo(() => byIndex(matches), [matches]);
  const place = Math.min(wanted, Math.max(0, matches.length - 1));

  const search = useCallback(
    (text: string) => {
      const found = findAll(segments, text);
      const first = firstFrom(found, from.current.line);
      setState((old) => ({ ...old, isOpen: true, query: text, place: first }));
      const match = found[first];
      if (match) transcript.current?.show(match.index);
    },
    [segments, transcript],
  );

  const open = useCallback(
    (text?: string) => {
      early.current = "";
      from.current = { line: transcript.current?.firstSeen() ?? 0, focus: document.activeElement };
      setState((old) => ({ ...old, isOpen: true, asked: old.asked + 1 }));
      if (text !== undefined) search(text);
    },
    [search, transcript],
  );

  const typeAhead = useCallback(
    (key: string) => {
      early.current += key;
      search(early.current);
    },
    [search],
  );
  const ahead = useCallback(() => early.current, []);

  const close = useCallback(() => {
    setState((old) => ({ ...old, isOpen: false }));
    const { focus } = from.current;
    if (focus instanceof HTMLElement && focus.isConnected && focus !== document.body) focus.focus({ preventScroll: true });
    else document.getElementById("content")?.focus({ preventScroll: true });
  }, []);

  const step = useCallback(
    (by: 1 | -1) => {
      if (matches.length === 0) return;
      const next = (place + by + matches.length) % matches.length;
      setState((old) => ({ ...old, place: next }));
      const match = matches[next];
      if (match) transcript.current?.show(match.index);
    },
    [matches, place, transcript],
  );

  const match = matches[place];
  const current = match ? { index: match.index, match: grouped.get(match.index)?.indexOf(match) ?? 0 } : null;
  return { isOpen, query, matches, byIndex: grouped, place, current, open, close, search, step, typeAhead, ahead, asked };
}
