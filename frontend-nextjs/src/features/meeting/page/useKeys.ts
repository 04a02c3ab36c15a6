"use client";
/** Keys that work anywhere on the meeting page, but where somebody writes or chooses. */
import { useEffect, useLayoutEffect, useRef } from "react";
import type { Find } from "../find/useFind";
import { useAudio } from "../player";
import type { Review } from "../review/useReview";
import type { TranscriptHandle } from "../transcript/TranscriptView";

const WRITES = "input, textarea, select, [contenteditable=''], [contenteditable=true], dialog, [role=menu], [role=dialog], [role=listbox]";
const PRESSED_BY_SPACE = "button, summary, [role=button], [role=tab]";
const TAKES_ARROWS = "[role=slider], [role=tab], [role=radio]";

/** A line is being edited and its field is not there yet. */
function isEditorAwaited(): boolean {
  return document.querySelector("[data-editor-awaited]") !== null;
}

interface Targets {
  find: Find;
  review: Review;
  transcript: React.RefObject<TranscriptHandle | null>;
  onHelp: () => void;
}

export function useKeys(targets: Targets): void {
  const player = useAudio();
  const latest = useRef(targets);
  useLayoutEffect(() => {
    latest.current = targets;
  });
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target instanceof Element ? event.target : document.body;
      const { find, review, transcript, onHelp } = latest.current;
      const isFind = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "f";
      if (isFind && !target.closest("[data-find-box]") && !target.closest("dialog")) {
        event.preventDefault(); // pressed once more, it is the browser's own
        return find.open();
      }
      if (find.isOpen && !document.querySelector("[data-find-box]") && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault(); // typed before its box is there
        return find.typeAhead(event.key);
      }
      if (isEditorAwaited() && !event.ctrlKey && !event.metaKey) return event.preventDefault(); // no shortcuts of what is meant for the text
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || target.closest(WRITES)) return;
      const done = () => event.preventDefault();
      switch (event.key) {
        case " ":
          if (target.closest(PRESSED_BY_SPACE)) return;
          player.toggle();
          return done();
        case "ArrowLeft":
        case "ArrowRight":
          if (target.closest(TAKES_ARROWS)) return;
          player.step((event.key === "ArrowLeft" ? -1 : 1) * (event.shiftKey ? 1 : 5));
          return done();
        case "j":
        case "k":
          transcript.current?.move(event.key === "j" ? 1 : -1);
          return done();
        case "e":
          if (!review.isOn) return;
          review.edit();
          return done();
        case "n":
        case "N":
          find.step(event.key === "n" ? 1 : -1);
          return done();
        case "?":
          onHelp();
          return done();
      }
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [player]);
}
