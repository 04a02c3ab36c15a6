/** When something was said of which the words are not known yet: by how far into the line it stands. */

export function secondsAt({ start, end, text }: { start: number; end: number; text: string }, offset: number): number {
  return start + ((end - start) * Math.min(Math.max(0, offset), text.length)) / Math.max(1, text.length);
}

/** How many letters of the element's text stand before this point; null: the browser does not tell. */
export function lettersBefore(element: Element, x: number, y: number): number | null {
  const caret = document.caretPositionFromPoint?.(x, y);
  if (!caret || !element.contains(caret.offsetNode)) return null;
  const range = document.createRange();
  range.setStart(element, 0);
  range.setEnd(caret.offsetNode, caret.offset);
  return range.toString().length;
}
