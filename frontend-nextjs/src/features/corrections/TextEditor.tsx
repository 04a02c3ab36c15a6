"use client";
/** The text of a segment as a field that looks like the text. Saves when it is left and after a few quiet seconds. */
import { Check, Play, Scissors } from "lucide-react";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useEffect, useId, useLayoutEffect, useRef, useState, type FocusEvent, type KeyboardEvent } from "react";
import { Button } from "@/components/ui/Button";
import type { Segment } from "@/features/meeting/model";
import { useAudio } from "@/features/meeting/player";
import { clock } from "@/lib/format";
import { readTranscript } from "./board";
import { useCorrections } from "./context";
import { EditorKeys } from "./EditorKeys";
import { tidy } from "./lines";

/** More typed than this is not thrown away without asking. */
const MUCH = 20;
/** A click elsewhere is heard before the line moves under it. */
const CLOSE_MS = 180;

export function TextEditor({ segment }: { segment: Segment }) {
  const t = useTranslations("corrections");
  const { meetingId, visit, startEditing, stopEditing, type, flush, dropDraft, split, join } = useCorrections();
  const client = useQueryClient();
  const audio = useAudio();
  const [text, setText] = useState(visit?.text ?? segment.text);
  const [isAsking, setAsking] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const closing = useRef<ReturnType<typeof setTimeout>>(undefined);
  const hintId = useId();

  useEffect(() => {
    const box = field.current;
    if (!box) return;
    box.focus();
    const caret = visit?.caret ?? box.value.length;
    box.setSelectionRange(caret, caret);
    return () => clearTimeout(closing.current);
    // Once: a new visit has a new key.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  useEffect(() => flush, [flush]); // scrolled out of sight: nothing is lost
  useLayoutEffect(() => {
    const box = field.current;
    if (!box) return;
    box.style.height = "0";
    box.style.height = `${box.scrollHeight}px`;
  }, [text]);

  const hear = () => audio.play(segment.start, segment.end);
  const neighbour = (by: 1 | -1) => readTranscript(client, meetingId)?.segments[segment.index + by] ?? null;
  const escape = () => {
    const isMuch = Math.abs(text.length - segment.text.length) > MUCH || (tidy(text) !== segment.text && text.length > 4 * MUCH);
    if (isMuch && !isAsking) return setAsking(true);
    dropDraft();
    stopEditing();
  };
  const pressed = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return;
    const act = actionOf(event, text);
    if (!act) return;
    const [previous, next] = [neighbour(-1), neighbour(1)];
    const doings = {
      done: () => stopEditing(),
      escape,
      play: hear,
      split: () => split(segment, event.currentTarget.selectionStart),
      join: () => previous && join(previous, segment),
      next: () => next && startEditing(next, { caret: 0 }),
      previous: () => previous && startEditing(previous),
      nothing: () => undefined,
    };
    if (act === "join" && !previous) return;
    event.preventDefault();
    event.stopPropagation();
    doings[act]();
  };
  const left = (event: FocusEvent) => {
    flush();
    // To a button or the player and back is no leave; to another line, or to nowhere, is.
    const to = event.relatedTarget;
    const rowOf = (element: Element | null) => element?.closest("[data-index]") ?? null;
    const isElsewhere = to instanceof Element ? rowOf(to) !== null && rowOf(to) !== rowOf(field.current) : document.hasFocus();
    if (isElsewhere) closing.current = setTimeout(() => document.activeElement !== field.current && stopEditing({ isQuiet: true }), CLOSE_MS);
  };

  return (
    <div className="-mx-2 rounded-md bg-surface px-2 pb-2 outline-1 outline-line-strong focus-within:outline-2 focus-within:outline-accent">
      <textarea
        ref={field}
        aria-label={t("editLabel", { time: clock(segment.start) })}
        aria-describedby={hintId}
        rows={1}
        spellCheck
        lang={segment.language || undefined}
        dir="auto"
        value={text}
        onChange={(event) => {
          setAsking(false);
          setText(event.target.value);
          type(event.target.value);
        }}
        onKeyDown={pressed}
        onBlur={left}
        className="block w-full resize-none overflow-hidden bg-transparent font-serif text-read text-ink outline-none"
      />
      {isAsking && (
        <div role="alert" className="mt-2 flex flex-wrap items-center gap-2 text-sm text-warning">
          <span className="flex-1">{t("discardQuestion")}</span>
          <Button size="sm" kind="quiet" onClick={() => setAsking(false)}>{t("keepTyping")}</Button>
          <Button size="sm" kind="danger" onClick={escape}>{t("discard")}</Button>
        </div>
      )}
      <div className="mt-1.5 flex flex-wrap items-center gap-x-1 gap-y-1">
        <div className="flex gap-1" onPointerDown={(event) => event.preventDefault()}>
          <Button size="sm" kind="quiet" onClick={() => stopEditing()}><Check aria-hidden />{t("done")}</Button>
          {audio.hasSound && <Button size="sm" kind="quiet" onClick={hear}><Play aria-hidden />{t("play")}</Button>}
          <Button size="sm" kind="quiet" className="sm:hidden" onClick={() => split(segment, field.current?.selectionStart ?? 0)}>
            <Scissors aria-hidden />{t("splitHere")}
          </Button>
        </div>
        <EditorKeys id={hintId} />
      </div>
    </div>
  );
}

/** What a key means; null: that it is typed. */
function actionOf(event: KeyboardEvent<HTMLTextAreaElement>, text: string) {
  const { selectionStart, selectionEnd } = event.currentTarget;
  const isBare = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
  switch (event.key) {
    case "Enter":
      if (event.ctrlKey || event.metaKey) return "done";
      if (event.shiftKey || selectionStart !== selectionEnd) return "nothing";
      if (!text.slice(selectionStart).trim()) return "next";
      return text.slice(0, selectionStart).trim() ? "split" : "nothing";
    case "Backspace":
      return isBare && selectionStart === 0 && selectionEnd === 0 ? "join" : null;
    case "Tab":
      return isBare ? "play" : null;
    case "Escape":
      return "escape";
    case "ArrowUp":
      return event.altKey ? "previous" : null;
    case "ArrowDown":
      return event.altKey ? "next" : null;
    default:
      return null;
  }
}
