"use client";
/** The keyboard of the list: which row is meant, moving between rows, and where the focus goes when a row disappears. */
import { useCallback, useEffect, useRef } from "react";

export interface RowKeys {
  onNew: () => void;
  onHelp: () => void;
  onSearch: () => void;
  onDelete: (id: string) => void;
}

export function rowId(id: string): string {
  return `meeting-${id}`;
}

export function focusRow(id: string | undefined): void {
  if (id) document.getElementById(rowId(id))?.focus();
}

/** The row that has the focus, or held it last. */
function rowOf(element: Element | null): string | undefined {
  return element?.closest<HTMLElement>("[data-meeting]")?.dataset.meeting;
}

function isTaken(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest("input, textarea, select, dialog, [role=menu], [role=dialog]") !== null;
}

/** Answers with what puts the focus back where it was, or on the neighbour of a row that is gone: for after a dialog. */
export function useRows(ids: string[], keys: RowKeys): () => void {
  const last = useRef<{ id: string; place: number } | undefined>(undefined);
  const shown = useRef(ids);

  useEffect(() => {
    const remember = (event: FocusEvent) => {
      const id = rowOf(event.target as Element);
      if (id) last.current = { id, place: shown.current.indexOf(id) };
      else if (event.target instanceof HTMLElement && !event.target.closest("dialog, [role=menu]")) last.current = undefined;
    };
    document.addEventListener("focusin", remember);
    return () => document.removeEventListener("focusin", remember);
  }, []);

  const restore = useCallback(() => {
    if (!last.current || document.activeElement !== document.body) return;
    const { id, place } = last.current;
    focusRow(shown.current.includes(id) ? id : (shown.current[place] ?? shown.current.at(-1)));
  }, []);

  useEffect(() => {
    shown.current = ids;
    restore(); // a row that had the focus may stand under another heading now, or be gone
  }, [ids, restore]);

  const move = useCallback(
    (step: number) => {
      const place = last.current ? ids.indexOf(last.current.id) : -1;
      const next = place < 0 ? (step > 0 ? 0 : ids.length - 1) : Math.min(ids.length - 1, Math.max(0, place + step));
      focusRow(ids[next]);
    },
    [ids],
  );

  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTaken(event.target)) return;
      if (document.querySelector("dialog[open]")) return;
      const row = rowOf(document.activeElement);
      const actions: Record<string, (() => void) | undefined> = {
        j: () => move(1),
        ArrowDown: () => move(1),
        k: () => move(-1),
        ArrowUp: () => move(-1),
        Home: row ? () => move(-ids.length) : undefined,
        End: row ? () => move(ids.length) : undefined,
        "/": keys.onSearch,
        n: keys.onNew,
        "?": keys.onHelp,
        Delete: row ? () => keys.onDelete(row) : undefined,
      };
      const action = actions[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [ids, keys, move]);
  return restore;
}
