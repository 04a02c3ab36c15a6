"use client";
/** ctrl+z, ctrl+shift+z and ctrl+y (⌘ on a Mac), where nobody types: there they belong to the text. */
import { useEffect } from "react";

export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));
}

export function useUndoKeys(undo: () => void, redo: () => void): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
      const key = event.key.toLowerCase();
      const turn = key === "z" && !event.shiftKey ? undo : key === "y" || key === "z" ? redo : null;
      if (!turn) return;
      event.preventDefault();
      turn();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [redo, undo]);
}
